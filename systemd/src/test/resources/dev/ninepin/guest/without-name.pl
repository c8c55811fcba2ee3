# What a program does in the directory $ARGV[0] with open files whose names are gone. Each line is what came of it.
use strict;
use warnings;

chdir $ARGV[0] or die;
sub came { my ($what, $done) = @_; print "$what: ", $done ? "done" : $!, "\n"; }
sub content { sysseek F, 0, 0; defined sysread F, my $bytes, 100 or return "$!"; return $bytes; }
for my $way ("removed", "renamed over") {
    open F, "+>", "file" or die;
    syswrite F, "old content" or die;
    if ($way eq "removed") {
        unlink "file" or die;
    } else {
        open G, ">", "other" or die;
        rename "other", "file" or die;
    }
    my @stat = stat F;
    came "$way, fstat", scalar @stat;
    print "$way, links and size: $stat[3] $stat[7]\n";
    print "$way, content: ", content, "\n";
    sysseek F, 0, 2;
    came "$way, write", syswrite F, " and more";
    came "$way, ftruncate", truncate F, 12;
    came "$way, fchmod", chmod 0600, *F;
    came "$way, fchown", chown 1, 2, *F;
    came "$way, futimens", utime 1, 2, *F;
    print "$way, content: ", content, "\n";
    my @end = stat F;
    printf "$way, at last: %o %s\n", $end[2], "@end[3, 4, 5, 7, 9]";
    close F;
    close G;
}
unlink "file";
