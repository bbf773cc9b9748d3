#!/bin/sh
# Prints the kernel (its version) of the entry that a generated grub.cfg boots when nobody chooses another.
# grub-default.sh GRUB.CFG
set -eu
config=$1
saved=$(sed -n 's/^saved_entry=//p' "${config%/*}/grubenv" 2>/dev/null || :)

# An entry may be named by its place, its id or its title, with those of its submenus in front: grub's manual, "default".
awk -v saved="$saved" '
function text(line) { return match(line, /\047[^\047]*\047/) ? substr(line, RSTART + 1, RLENGTH - 2) : "" }
function id(line) { return match(line, /menuentry_id_option \047[^\047]*\047/) ? text(substr(line, RSTART)) : "" }
function join(head, tail) { return head == "" ? tail : head ">" tail }
BEGIN { depth = 0; menu[0] = 1; place[0] = 0 }
$1 == "set" && /default="/ {
	value = $0; sub(/.*default="/, "", value); sub(/".*/, "", value)
	if (value == "${saved_entry}") value = saved
	if (value !~ /^\$/) wanted = value
}
$1 == "menuentry" || $1 == "submenu" {
	sub(/^[ \t]+/, "")
	here = place[depth]++
	depth++; menu[depth] = ($1 == "submenu"); place[depth] = 0
	name[depth, 1] = here; name[depth, 2] = id($0); name[depth, 3] = text($0)
	next
}
/\{[ \t]*$/ { depth++; menu[depth] = 0; name[depth, 1] = "" ; next }
/^[ \t]*\}[ \t]*$/ { if (depth > 0) depth--; next }
$1 ~ /^linux(16|efi)?$/ {
	count++
	kernel[count] = $2; sub(/.*\/(vmlinu[xz]|kernel)-/, "", kernel[count])
	levels[count] = depth
	for (level = 1; level <= depth; level++) for (way = 1; way <= 3; way++) names[count, level, way] = name[level, way]
}
END {
	if (wanted == "") wanted = "0"
	parts = split(wanted, part, ">")
	for (entry = 1; entry <= count; entry++) {
		if (levels[entry] != parts) continue
		good = 1
		for (level = 1; level <= parts; level++) {
			hit = 0
			for (way = 1; way <= 3; way++) if (names[entry, level, way] "" == part[level]) hit = 1
			if (!hit) good = 0
		}
		if (good) { print kernel[entry]; exit }
	}
	printf "no entry is %s\n", wanted
	exit 1
}
' "$config"
