# usage: gnuplot -e 'picture="FILE"' DATA plot.gp
# Draws the output of report.awk with form=plot.
set terminal svg size 1000, 900 font "sans-serif,13" background "white"
set output picture
set multiplot layout 2, 2
set style data histogram
set style histogram errorbars gap 1.5 linewidth 1
set style fill solid 0.7 noborder
set boxwidth 1
set xrange [-0.6:*]
set yrange [0:*]
set grid ytics
set key below samplen 1
set errorbars linecolor rgb "black"

set title "dropped: CPU ns per packet"
if (dropped_programs) plot for [i = 0 : dropped_programs - 1] $dropped \
	using 2 + 3*i : 3 + 3*i : 4 + 3*i : xtic(1) title columnheader(2 + 3*i)
set title "accepted: CPU ns per packet"
if (accepted_programs) plot for [i = 0 : accepted_programs - 1] $accepted \
	using 2 + 3*i : 3 + 3*i : 4 + 3*i : xtic(1) title columnheader(2 + 3*i)
set title "TCP stream: CPU ns per KiB"
if (stream_programs) plot for [i = 0 : stream_programs - 1] $stream \
	using 2 + 3*i : 3 + 3*i : 4 + 3*i : xtic(1) title columnheader(2 + 3*i)
set title "verdict while packets wait: ns"
set xlabel "packets waiting"
set key inside bottom right
set logscale x
set autoscale x
if (|$waiting|) plot $waiting using 1:2 with linespoints title "oldest first", \
	$waiting using 1:3 with linespoints title "newest first"
