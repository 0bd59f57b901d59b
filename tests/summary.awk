# Reads the logs of meson test. Prints which tests were skipped and why, which failed, and
# the number of tests. The tests in a Criterion program (TAP) count individually. With -v
# filter=…, tests that a filter has left out do not count.

function end_test()
{
	if (test == "")
		return
	if (skip_reason == "" && result == "exit status 77")
		skip_reason = "no reason given"
	if (criterion && !cases && result == "exit status 0") {
		# if its output option is wrong, Criterion runs no tests and succeeds
		failed++
		print "failed: " test ": no tests were run"
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
# the names of programs with Criterion begin with their kind
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
