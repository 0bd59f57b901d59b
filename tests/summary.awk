# Reads the logs of meson test. Prints what was skipped and why, what failed,
# and how many tests there were: those within a Criterion program (TAP) count
# one by one. With -v filter=… those a filter left out do not count.

function end_test()
{
	if (test == "")
		return
	if (skip_reason == "" && result == "exit status 77")
		skip_reason = "no reason given"
	if (criterion && !cases && result == "exit status 0") {
		# told wrongly what to write, Criterion runs nothing and succeeds
		failed++
		print "failed: " test ": ran no test"
	} else if (!cases && result == "exit status 77") {
		skipped++
		print "skipped: " test ": " skip_reason
	} else if (result != "exit status 0" && !bad) {
		failed++
		print "failed: " test ": " result
	} else if (!cases) {
		passed++
	}
	test = ""
}

/^test: / {
	end_test()
	test = $NF
	cases = bad = criterion = 0
	skip_reason = ""
}
# of our programs those of Criterion have their kind before their name
/^command: / {
	criterion = /\/tests\/([^ ]*\/)?(unit|system|faults|tools|preload|carried)-[^ \/.]+( |$)/
}
/^result: / {
	result = $0
	sub(/^result: */, "", result)
}
/^skipped: / {
	skip_reason = $0
	sub(/^skipped: /, "", skip_reason)
}
/^ok - .*# SKIP/ {
	cases++
	if (filter != "" && /# SKIP (test was skipped|not here)$/)
		next
	skipped++
	line = $0
	sub(/^ok - /, "", line)
	sub(/ *# SKIP /, ": ", line)
	print "skipped: " line
	next
}
/^ok - / {
	cases++
	passed++
}
/^not ok - / {
	cases++
	bad++
	failed++
	print "failed: " substr($0, 10)
}

END {
	end_test()
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit failed > 0 || passed == 0
}
