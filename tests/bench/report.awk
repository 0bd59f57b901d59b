# usage: awk -v form=FORM -f report.awk SAMPLES
# Evaluates the samples of measure.sh (workload, program, metric, value; lines about the
# machine begin with #). FORM:
#   settled   with workload and metric: exit status 0 if all medians are known to 2 %
#   tables    tables in Markdown
#   json      all figures
#   plot      data for plot.gp

/^# left-out / {
	sub(/^# left-out /, "")
	absent[++absents] = $0
	next
}

/^#/ {
	fact[++facts] = $2
	sub(/^# [^ ]* /, "")
	said[facts] = $0
	next
}

{
	add($1, $2, $3, $4)
}

END {
	if (form == "settled")
		exit !settled()
	if (form == "tables")
		print_tables()
	if (form == "json")
		print_json()
	if (form == "plot")
		print_plot()
}

# Samples are kept sorted.
function add(w, row, metric, value,	key, i)
{
	key = w SUBSEP row SUBSEP metric
	if (!(key in count))
		keys[++nkeys] = key
	if (!((w, row) in known)) {
		known[w, row] = 1
		programs[w] = programs[w] " " row
	}
	for (i = ++count[key]; i > 1 && sample[key, i - 1] > value + 0; i--)
		sample[key, i] = sample[key, i - 1]
	sample[key, i] = value + 0
}

# The p-quantile of the samples.
function quantile(key, p,	at, low)
{
	at = 1 + (count[key] - 1) * p
	low = int(at)
	if (low == count[key])
		return sample[key, low]
	return sample[key, low] + (at - low) * (sample[key, low + 1] - sample[key, low])
}

# Whether the metric was measured for workload w.
function has(w, metric,	row)
{
	split(programs[w], row, " ")
	return (w, row[1], metric) in count
}

function median(w, row, metric)
{
	return quantile(w SUBSEP row SUBSEP metric, 0.5)
}

# The relative uncertainty of the median: the notch of a box plot (McGill, Tukey and
# Larsen, Variations of Box Plots, 1978).
function doubt(key)
{
	return 1.57 * (quantile(key, 0.75) - quantile(key, 0.25)) / \
	       sqrt(count[key]) / quantile(key, 0.5)
}

function settled(	k, part)
{
	for (k = 1; k <= nkeys; k++) {
		split(keys[k], part, SUBSEP)
		if (part[1] == workload && part[3] == metric && doubt(keys[k]) > 0.02)
			return 0
	}
	return 1
}

function number(value, digits,	text, grouped)
{
	if (digits)
		return sprintf("%." digits "f", value)
	text = sprintf("%.0f", value)
	for (; length(text) > 3; text = substr(text, 1, length(text) - 3))
		grouped = "," substr(text, length(text) - 2) grouped
	return text grouped
}

# The median, and the quartiles if there are enough samples; ~ marks an uncertain median.
function figure(w, row, metric,	key)
{
	key = w SUBSEP row SUBSEP metric
	if (!(key in count))
		return ""
	if (count[key] < 3 || metric in steady)
		return number(quantile(key, 0.5), digits[metric])
	return (doubt(key) > 0.02 ? "~ " : "") number(quantile(key, 0.5), digits[metric]) \
	       " (" number(quantile(key, 0.25), digits[metric]) \
	       " to " number(quantile(key, 0.75), digits[metric]) ")"
}

function ratio(w, row, metric, w2, row2)
{
	if (!((w, row, metric) in count) || !((w2, row2, metric) in count) ||
	    median(w2, row2, metric) == 0)
		return ""
	return sprintf("%.2f", median(w, row, metric) / median(w2, row2, metric))
}

# Make a table with begin_table, cells and end_table. The first columns are left-aligned.
function begin_table(text, names, left,	i, part)
{
	heading = text
	lines = 0
	text_columns = left
	columns = split(names, part, "|")
	for (i = 1; i <= columns; i++)
		width[i] = 3
	cells(names)
}

function cells(line,	i, part)
{
	lines++
	split(line, part, "|")
	for (i = 1; i <= columns; i++) {
		cell[lines, i] = part[i]
		if (length(part[i]) > width[i])
			width[i] = length(part[i])
	}
}

function end_table(	l, i, line, rule, dashes)
{
	if (lines == 1)
		return
	print "\n**" heading "**\n"
	for (l = 1; l <= lines; l++) {
		line = rule = "|"
		for (i = 1; i <= columns; i++) {
			line = line sprintf(i > text_columns ? " %*s |" : " %-*s |",
					    width[i], cell[l, i])
			dashes = sprintf("%*s", width[i] - 1, "")
			gsub(/ /, "-", dashes)
			rule = rule " " dashes (i > text_columns ? ":" : "-") " |"
		}
		print line
		if (l == 1)
			print rule
	}
}

# Prints a table of metrics with a line for each program of each workload. The arguments
# are lists of words; names has the names of the workloads, separated by |. Each metric
# is followed by its ratio to that of the programs in others.
function table(heading, workloads, names, metrics, others,	w, nw, r, nr, m, nm, o, no,
	       wl, wn, row, metric, other, measured, line)
{
	nw = split(workloads, wl, " ")
	split(names, wn, "|")
	nm = split(metrics, metric, " ")
	no = split(others, other, " ")
	line = nw > 1 ? (subject ? subject : "packets") "|program" : "program"
	for (m = 1; m <= nm; m++) {
		line = line "|" unit[metric[m]]
		for (o = 1; compared[metric[m]] && o <= no; o++)
			line = line "|/ " other[o]
	}
	begin_table(heading, line, nw > 1 ? 2 : 1)
	for (w = 1; w <= nw; w++) {
		measured = 0
		for (m = 1; m <= nm; m++)
			measured += has(wl[w], metric[m])
		nr = measured ? split(programs[wl[w]], row, " ") : 0
		for (r = 1; r <= nr; r++) {
			line = (nw > 1 ? wn[w] "|" : "") row[r]
			for (m = 1; m <= nm; m++) {
				line = line "|" figure(wl[w], row[r], metric[m])
				for (o = 1; compared[metric[m]] && o <= no; o++)
					line = line "|" ratio(wl[w], row[r], metric[m],
							      wl[w], other[o])
			}
			cells(line)
		}
	}
	end_table()
}

# Puts the numbers N of the workloads NAME-N into sorted, in order. Returns
# how many there are.
function numbered(name,	key, part, n, i, value)
{
	for (key in programs) {
		if (split(key, part, "-") != 2 || part[1] != name)
			continue
		value = part[2] + 0
		for (i = ++n; i > 1 && sorted[i - 1] > value; i--)
			sorted[i] = sorted[i - 1]
		sorted[i] = value
	}
	return n
}

function print_tables(	n, i)
{
	for (i = 1; i <= facts; i++)
		printf "%s%s: %s", (i > 1 ? "; " : ""), fact[i], said[i]
	print "."
	for (i = 1; i <= absents; i++)
		print "Left out: " absent[i] "."

	unit["cpu"] = "CPU ns"
	unit["rate"] = "packets/s"
	unit["busy"] = "busy %"
	unit["instructions"] = "instructions"
	unit["calls"] = "system calls"
	unit["median"] = "median ns"
	unit["late"] = "99th percentile ns"
	unit["peak"] = "KiB"
	unit["cpu-kib"] = "CPU ns per KiB"
	unit["mib"] = "MiB/s"
	unit["size"] = "bytes per packet"
	digits["calls"] = 2
	steady["peak"] = steady["busy"] = steady["size"] = 1
	for (i in unit)
		compared[i] = i != "busy" && i != "size"

	table("CPU per packet, and packets per second under flood; dropped",
	      "meta-drop 64-drop 1400-drop 60000-drop",
	      "META|64 bytes|1,400 bytes|60,000 bytes", "cpu rate busy", "classic mnl")
	table("The same, accepted and delivered to a socket that reads",
	      "meta-accept 64-accept 1400-accept 60000-accept",
	      "META|64 bytes|1,400 bytes|60,000 bytes", "cpu rate busy", "classic mnl")
	table("Instructions in user space, and system calls, per packet",
	      "meta-drop meta-input 64-drop 1400-drop 60000-drop",
	      "META|META, on INPUT|64 bytes|1,400 bytes|60,000 bytes",
	      "instructions calls", "classic mnl")
	table("Round trip of a single packet", "meta-single 1400-single",
	      "META|1,400 bytes", "median late", "classic mnl")
	table("Peak memory", "meta-drop 60000-drop", "META|60,000 bytes", "peak",
	      "classic mnl")
	table("A TCP stream, MTU 1,500, accepted", "tcp", "", "cpu-kib mib size",
	      "classic mnl libipq")

	table("Both families by turns, META: a queue number each, and one for both",
	      "families-drop families-accept families-single", "dropped|accepted|round trip",
	      "cpu rate median late", "each")

	table("Preloaded, and linked statically and supervised, on one processor; dropped",
	      "supervised-meta supervised-1400 supervised-single",
	      "META|1,400 bytes|META, round trip", "rate median late", "raw")

	subject = "work"
	table("Files and TCP of a supervised program",
	      "untouched-block untouched-copy untouched-tcp",
	      "4 KiB written or read|512 KiB copied|4 KiB sent or received by TCP", "cpu",
	      "alone filtered")

	n = numbered("waiting")
	begin_table("A verdict while packets wait, ns", "waiting|oldest first|newest first", 0)
	for (i = 1; i <= n; i++)
		cells(number(sorted[i], 0) "|" figure("waiting-" sorted[i], "oldest", "verdict") \
		      "|" figure("waiting-" sorted[i], "newest", "verdict"))
	end_table()

	n = numbered("queues")
	begin_table("CPU per packet (libipq, META, dropped) while other queues are bound",
		    "other queues|CPU ns|/ none", 0)
	for (i = 1; i <= n; i++)
		cells(number(sorted[i], 0) "|" figure("queues-" sorted[i], "libipq", "cpu") "|" \
		      ratio("queues-" sorted[i], "libipq", "cpu", "queues-0", "libipq"))
	end_table()
}

function quoted(text)
{
	gsub(/["\\]/, "\\\\&", text)
	return "\"" text "\""
}

function print_json(	i, k, part, line)
{
	print "{\n\t\"machine\": {"
	for (i = 1; i <= facts; i++)
		print "\t\t" quoted(fact[i]) ": " quoted(said[i]) (i < facts ? "," : "")
	print "\t},\n\t\"left_out\": ["
	for (i = 1; i <= absents; i++)
		print "\t\t" quoted(absent[i]) (i < absents ? "," : "")
	print "\t],\n\t\"figures\": ["
	for (k = 1; k <= nkeys; k++) {
		split(keys[k], part, SUBSEP)
		line = sprintf("\t\t{ \"workload\": %s, \"program\": %s, \"metric\": %s, " \
			       "\"runs\": %d, \"median\": %.6g, \"q1\": %.6g, \"q3\": %.6g",
			       quoted(part[1]), quoted(part[2]), quoted(part[3]), count[keys[k]],
			       quantile(keys[k], 0.5), quantile(keys[k], 0.25),
			       quantile(keys[k], 0.75))
		line = line json_ratio(part, "classic") json_ratio(part, "mnl")
		print line (k < nkeys ? " }," : " }")
	}
	print "\t]\n}"
}

function json_ratio(part, other,	r)
{
	r = ratio(part[1], part[2], part[3], part[1], other)
	return r == "" ? "" : sprintf(", \"to_%s\": %s", other, r)
}

# Prints a line for each workload that was measured, with three columns for each program.
function plot_block(name, workloads, names, metric,	w, nw, r, nr, wl, wn, row, line, key)
{
	nw = split(workloads, wl, " ")
	split(names, wn, "|")
	print "$" name " << END"
	for (w = 1; w <= nw; w++) {
		if (!has(wl[w], metric))
			continue
		if (!nr) {
			nr = split(programs[wl[w]], row, " ")
			line = "packets"
			for (r = 1; r <= nr; r++)
				line = line " " row[r] " low high"
			print line
		}
		line = quoted(wn[w])
		for (r = 1; r <= nr; r++) {
			key = wl[w] SUBSEP row[r] SUBSEP metric
			line = line sprintf(" %.6g %.6g %.6g", quantile(key, 0.5),
					    quantile(key, 0.25), quantile(key, 0.75))
		}
		print line
	}
	print "END\n" name "_programs = " nr + 0
}

function print_plot(	n, i)
{
	plot_block("dropped", "meta-drop 64-drop 1400-drop 60000-drop",
		   "META|64 B|1,400 B|60,000 B", "cpu")
	plot_block("accepted", "meta-accept 64-accept 1400-accept 60000-accept",
		   "META|64 B|1,400 B|60,000 B", "cpu")
	plot_block("stream", "tcp", "TCP", "cpu-kib")
	n = numbered("waiting")
	print "$waiting << END"
	for (i = 1; i <= n; i++)
		print sorted[i], median("waiting-" sorted[i], "oldest", "verdict"),
		      median("waiting-" sorted[i], "newest", "verdict")
	print "END"
}
