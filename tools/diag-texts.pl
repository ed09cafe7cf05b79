#!/usr/bin/perl
# diag-texts.pl TOP: print each diagnostic text of the sources that no golden case shows; exit 1 if there is one.
#
# A text is the first string argument (adjacent literals joined) of a call of one of the functions below, or a phrase
# that is returned, or assigned to `why` and the like, for a caller who prints it with "%s".  Texts that a golden case
# can't show are listed, each with its reason, in tests/diag-unshown: "REASON<tab>TEXT".
use strict;
use warnings;
use File::Find;

my $top = shift // '.';
my $callers = join '|', qw(diag_error diag_note diag_warning sema_error sema_note usage_error refuse reason blame_attr blame_input blame_scale blame_op fail wrong
	wrong_arg wrong_source bad export_refuse);
my @dirs = grep { -d } map { "$top/$_" } qw(lexer parser sema weights ir export chips passes backend report driver support);
my ($shown, %unshown) = ('');

for my $file (glob "$top/tests/golden/*/expected.diag") {
	open my $in, '<', $file or die "$file: $!";
	local $/;
	$shown .= <$in>;
}
if (open my $in, '<', "$top/tests/diag-unshown") {
	while (<$in>) {
		chomp;
		next if /^#/ || !/\t/;
		my ($why, $text) = split /\t/, $_, 2;
		$unshown{$text} = $why;
	}
}

my (@texts, %seen);
find({ no_chdir => 1, wanted => sub {
	return unless /\.(c|h|l|y)$/;
	return if m{/ir/(verify|print)\.c$}; # broken invariants of the compiler, not of its input
	(my $from = $_) =~ s/c$//;
	return if /\.c$/ && (-e "${from}l" || -e "${from}y"); # made by flex and bison, in a distribution
	open my $in, '<', $_ or die "$_: $!";
	local $/;
	my $source = <$in>;
	my $file = substr $_, length($top) + 1;
	while ($source =~ /\b(?:$callers)\s*\(/g) {
		my $rest = substr $source, pos $source, 600;
		# The arguments before the text hold no string and end before the call does.
		next unless $rest =~ /\A(?:[^";{}]|\{[^";{}]*\})*?((?:"(?:[^"\\\n]|\\.)*"\s*(?:(?:PRI\w+|JSON_INTEGER_FORMAT)\s*)?)+)/;
		my ($literals, $text) = ($1, '');
		$text .= defined $1 ? $1 : "\0" while $literals =~ /"((?:[^"\\\n]|\\.)*)"|PRI\w+|JSON_INTEGER_FORMAT/g;
		push @texts, [$file, $text] unless $seen{$text}++;
	}
	# Reasons that go up to a caller who prints them with "%s": phrases that a statement returns or assigns.
	while ($source =~ /\b(?:return\b|(?:why|bad|wanted(?:\[\])?|missing)\s*=)([^;{}]*"[^;]*);/g) {
		my $statement = $1;
		while ($statement =~ /((?:"(?:[^"\\\n]|\\.)*"\s*(?:(?:PRI\w+|JSON_INTEGER_FORMAT)\s*)?)+)/g) {
			my ($literals, $text) = ($1, '');
			$text .= defined $1 ? $1 : "\0" while $literals =~ /"((?:[^"\\\n]|\\.)*)"|PRI\w+|JSON_INTEGER_FORMAT/g;
			push @texts, [$file, $text, 1] unless $text !~ /\w \w/ || $text =~ /\*/ || $seen{$text}++;
		}
	}
} }, @dirs);

my $missing = 0;
for (@texts) {
	my ($file, $text, $phrase) = @$_;
	my $plain = $text =~ s/%?\0/%d/gr;
	next if exists $unshown{$plain};
	my $re = join '.*?', map { my $s = s/\\(["\\])/$1/gr; quotemeta $s }
		split /%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j|t)?[a-zA-Z]|%?\0/, $text =~ s/%%/\x01/gr, -1;
	$re =~ s/\x01/%/g;
	$re =~ s/\\\x01/%/g;
	next if $re =~ /\A(?:\.\*\?)*\z/; # nothing but conversions
	next if $phrase && $shown =~ /$re\b/;
	# To its end, lest the beginning of a longer text pass for it.
	next if $shown =~ /$re(?:$| \[-W|: |, |; | \(| ')/m;
	print "$file: no golden case shows: $plain\n";
	$missing++;
}
printf "%d texts, %d not shown\n", scalar @texts, $missing;
exit($missing ? 1 : 0);
