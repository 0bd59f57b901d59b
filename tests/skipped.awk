# Combines lines "skipped: NAME: REASON" into one line for each reason.

/^skipped: / {
	reason = substr($0, 10)
	name = reason
	sub(/: .*/, "", name)
	reason = substr(reason, length(name) + 3)
	if (!count[reason]++) {
		first[reason] = name
		reasons[++n] = reason
	}
}
END {
	for (i = 1; i <= n; i++) {
		reason = reasons[i]
		others = count[reason] - 1
		printf "skipped: %s%s: %s\n", first[reason],
		       others ? " and " others " more" : "", reason
	}
}
