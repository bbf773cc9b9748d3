#!/bin/sh
set -eu
exit 1
