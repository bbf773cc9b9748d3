#!/bin/sh
# Labels, after everything else: nothing may change a file once its digest stands in its label.
set -eu
labeller=/usr/share/cvm-image-rewriter/ima-label.py
# -I -S -B: nothing from the environment, no site packages, no byte code written beside it.
said=$(python3 -I -S -B "$labeller" /usr /etc /opt)
rm "$labeller"
cvm-note "$said"
