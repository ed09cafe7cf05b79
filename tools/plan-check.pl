#!/usr/bin/perl
# plan-check.pl [FILE]: check the memory plan that `netc build --dump-program` printed, from that text alone.
#
# When each buffer is used is found from the calls; what is printed of lifetimes must cover that.  Then no two buffers that are live at the same time may
# share bytes of an arena, except that a call's result may lie over what it reads for the last time (by how far is tried with poisoned memory in
# tests/unit/test_lower.c); every buffer lies at an aligned offset within its arena, and the arenas are as large as is printed.  On several cores
# calls are in order if their phases are, or if one core makes them.  Prints what is wrong and exits with 1.
use strict;
use warnings;

my (%buffers, @calls, %peak, %memory, $cores, $bytes, $align, $bound);
my $errors = 0;

sub wrong { print "plan-check: @_\n"; $errors++ }

while (<>) {
	if (/^program .*: \d+ calls, arena of (\d+) bytes.*, aligned to (\d+), lower bound (\d+)(?:, (\d+) cores)?/) {
		($bytes, $align, $bound, $cores) = ($1, $2, $3, $4 // 1);
	} elsif (/^memory (\S+): (\d+) of/) {
		$memory{$1} = $2;
	} elsif (/^  b(\d+) +arena  (.*): (\d+) bytes at (\d+)(?: of (\S+))?, (?:calls|slots) (\d+)\.\.(\d+)$/) {
		$buffers{$1} = { id => $1, name => $2, bytes => $3, at => $4, in => $5 // '', first => $6, last => $7, uses => [] };
	} elsif (/^  (\d+): (?:core (\d+), phase (\d+): )?(.*?): (?:unit .*?: )?[^(:]+\((.*)$/) {
		my $call = { index => $1, core => $2 // 0, phase => $3 // 0, name => $4 };
		my ($args, $k) = ($5, 0);
		push @calls, $call;
		while ($args =~ /\b(\w+) = b(\d+)\b/g) {
			my $b = $buffers{$2} or next;
			push @{ $b->{uses} }, { call => $call, result => $k == 0, reads => "$1 $b->{name}" !~ /^(y|part|scratch|band|column|window) |\.sums$/ };
		} continue {
			$k++;
		}
	}
}
die "plan-check: no program\n" unless defined $bytes;

# Whether call A is over before call B begins.
sub is_before {
	my ($a, $b) = @_;
	return $a->{phase} < $b->{phase} || ($a->{phase} == $b->{phase} && $a->{core} == $b->{core} && $a->{index} < $b->{index});
}

# Whether all uses of X are over before the first of Y, or in that call, where Y is the result and X is not.
sub is_over {
	my ($x, $y) = @_;
	for my $u (@{ $x->{uses} }) {
		for my $v (@{ $y->{uses} }) {
			next if is_before($u->{call}, $v->{call});
			return 0 unless $u->{call} == $v->{call} && $v->{result} && !$u->{result} && $u->{reads};
		}
	}
	return $cores > 1 || $x->{last} <= $y->{first};
}

my @arena = sort { $a->{at} <=> $b->{at} } values %buffers;
for my $b (@arena) {
	my @uses = @{ $b->{uses} };
	my $end = $b->{at} + $b->{bytes};
	$peak{ $b->{in} } = $end if $end > ($peak{ $b->{in} } // 0);
	wrong("$b->{name} at $b->{at}: no multiple of 4") if $b->{at} % 4;
	next if $cores > 1 || !@uses;
	my ($first, $last) = ($uses[0]{call}{index}, $uses[-1]{call}{index});
	$first = 0 if $uses[0]{reads};                                    # an input, there before
	$last = $calls[-1]{index} if !grep { $_->{reads} } @uses and grep { $_->{result} } @uses and $b->{name} !~ /\.(rows|sums)\b/; # an output
	wrong("$b->{name} is live in calls $first..$last, not $b->{first}..$b->{last} only") if $first < $b->{first} || $last > $b->{last};
}
for my $i (0 .. $#arena) {
	my $x = $arena[$i];
	for my $y (@arena[$i + 1 .. $#arena]) {
		last if $y->{at} >= $x->{at} + $x->{bytes} && $y->{at} > $x->{at};
		next if $x->{in} ne $y->{in} || $y->{at} >= $x->{at} + $x->{bytes};
		wrong("$x->{name} and $y->{name} share bytes from $y->{at} on") unless is_over($x, $y) || is_over($y, $x);
	}
}
my $sum = 0;
$sum += $_ for values %peak;
wrong("the arenas take $sum bytes, not $bytes") if $sum != $bytes;
for my $m (keys %peak) {
	wrong("the arena in $m takes $peak{$m} bytes, not $memory{$m}") if defined $memory{$m} && $memory{$m} != $peak{$m};
}
wrong("$bytes bytes are less than the lower bound of $bound") if $bytes < $bound && keys %peak == 1;
print 'plan-check: ', scalar(@arena), ' buffers, ', scalar(@calls), " calls, $bytes bytes\n" unless $errors;
exit($errors > 0);
