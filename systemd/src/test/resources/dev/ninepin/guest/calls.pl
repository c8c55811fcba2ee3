# What a program does in the empty directory $ARGV[0], call by call. Each line is what came of it.
use strict;
use warnings;
no warnings "io";
use Fcntl qw(:DEFAULT :flock :mode SEEK_SET SEEK_END);
use IO::Handle;
use POSIX ();

chdir $ARGV[0] or die;
umask 0;

sub came {
    my ($what, $done) = @_;
    print "$what: ", $done ? "done" : $!, "\n";
}

sub content {
    my ($name) = @_;
    open my $file, "<", $name or return "$!";
    local $/;
    my $content = <$file>;
    return defined $content ? $content : "$!";
}

sub show {
    my ($name) = @_;
    my @stat = lstat $name or return print "  $name: $!\n";
    # The size of a directory is its file system's own affair.
    printf "  $name: mode %o, %d links, %d:%d, size %s, changed %d\n",
        @stat[2, 3, 4, 5], S_ISDIR($stat[2]) ? "-" : $stat[7], $stat[9] == 1234567890;
}

sub make {
    my ($name, $content) = @_;
    open my $file, ">", $name or die "$name: $!";
    print $file $content;
    close $file or die;
}

# Open and create
came "create", sysopen(my $first, "first", O_RDWR | O_CREAT | O_EXCL, 0640);
show "first";
came "create what is there", sysopen(my $none, "first", O_RDWR | O_CREAT | O_EXCL);
came "open what is not there", sysopen($none, "nothing", O_RDONLY);
came "open below what is not there", sysopen($none, "nothing/file", O_RDWR | O_CREAT);
came "open below a file", sysopen($none, "first/file", O_RDWR | O_CREAT);
came "a name of 255 bytes", sysopen($none, "n" x 255, O_RDWR | O_CREAT);
came "a name of 256 bytes", sysopen($none, "n" x 256, O_RDWR | O_CREAT);
came "remove the name of 255 bytes", unlink "n" x 255;
came "a file as a directory", sysopen($none, "first", O_RDONLY | O_DIRECTORY);

# Data
came "write", syswrite $first, "0123456789";
came "write beyond the end", sysseek($first, 20, SEEK_SET) && syswrite $first, "end";
print "  ", content("first") =~ s/\0/./gr, "\n";
came "write through another descriptor at the end", sysopen(my $end, "first", O_WRONLY | O_APPEND);
came "append", syswrite $end, " one";
came "append behind a longer file", sysseek($first, 0, SEEK_END) && syswrite($first, " two") && syswrite($end, " three");
print "  ", content("first") =~ s/\0/./gr, "\n";
came "truncate by name", truncate "first", 5;
came "truncate by descriptor", truncate $first, 8;
print "  ", content("first") =~ s/\0/./gr, "\n";
came "fsync", $first->sync;
came "truncate at open", sysopen(my $emptied, "first", O_WRONLY | O_TRUNC);
show "first";
came "read what is only written", !defined sysread $emptied, my $bytes, 1;
came "write to a file that is only read", do {
    sysopen my $read, "first", O_RDONLY;
    syswrite $read, "x";
};
came "write 1 MiB", syswrite($first, "x" x (1 << 20)) == 1 << 20;
came "the size", -s "first";
print "  ", -s "first", "\n";

# Attributes
came "chmod", chmod 04751, "first";
came "fchmod", chmod 02640, $first;
came "chown", chown 1, 2, "first";
show "first";
came "fchown", chown 0, 0, $first;
came "utime", utime 1234567890, 1234567890, "first";
show "first";
came "chmod of nothing", chmod 0644, "nothing";

# Links
came "link", link "first", "second";
came "link to what is there", link "first", "second";
came "link of a directory", link ".", "directory-link";
came "rename over another name of the file", rename "first", "second";
show "first";
show "second";
came "unlink one name", unlink "first";
came "unlink it again", unlink "first";
show "second";
came "symlink", symlink "second", "link";
came "symlink to nothing", symlink "nowhere", "dangling";
came "symlink over a name", symlink "second", "link";
print "  ", readlink("link"), " ", readlink("dangling"), "\n";
show "link";
came "open by a link", open(my $by_link, "<", "link");
came "open by a link, not following", sysopen($none, "link", O_RDONLY | O_NOFOLLOW);
came "open by a dangling link", open($none, "<", "dangling");
came "create exclusively by a dangling link", sysopen($none, "dangling", O_WRONLY | O_CREAT | O_EXCL);
came "a loop of links", symlink("loop", "loop") && open($none, "<", "loop");
came "readlink of a file", defined readlink "second";
came "unlink links", unlink("link", "dangling", "loop") == 3;

# Directories
came "mkdir", mkdir "directory", 0755;
came "mkdir of what is there", mkdir "directory";
came "mkdir with the sticky and set-group-ID bits", mkdir("bits") && chmod 03777, "bits";
show "directory";
show "bits";
came "open a directory to write", sysopen($none, "directory", O_WRONLY);
came "unlink of a directory", unlink "directory";
came "rmdir of a file", rmdir "second";
make "directory/file", "in it";
came "rmdir of a full directory", rmdir "directory";
came "rename of a directory into itself", rename "directory", "directory/below";
came "rename of a directory over a file", rename "directory", "second";
came "rename of a file over a directory", rename "second", "directory";
came "rename over a full directory", rename "bits", "directory";
came "rename of a full directory over an empty one", rename "directory", "bits";
print "  ", content("bits/file"), "\n";
came "rename between directories", rename "bits/file", "moved";
came "rename of nothing", rename "nothing", "something";
came "rename over an open file", do {
    make "target", "old";
    open my $open, "<", "target" or die;
    my $done = rename "moved", "target";
    local $/;
    print "  ", scalar <$open>, " became ", content("target"), "\n";
    $done;
};
came "rmdir", rmdir "bits";
came "a directory of 300 files", mkdir "many";
make "many/$_", $_ for 1 .. 300;
opendir my $many, "many" or die;
my @names = grep { !/^\.\.?$/ } readdir $many;
print "  ", scalar @names, " names, the sum of them ", eval(join "+", @names), "\n";
rewinddir $many;
my $seen = 0;
while (defined(my $name = readdir $many)) {
    next if $name =~ /^\.\.?$/;
    $seen++ if unlink "many/$name";
}
came "unlink while listing", $seen == 300;
came "rmdir of the rest", rmdir "many";

# Other files
came "mkfifo", POSIX::mkfifo("fifo", 0620);
show "fifo";
came "through a FIFO", do {
    my $child = fork;
    if (!$child) {
        open my $writer, ">", "fifo" or POSIX::_exit(1);
        syswrite $writer, "through it";
        POSIX::_exit(0);
    }
    open my $reader, "<", "fifo" or die;
    sysread $reader, $bytes, 100;
    waitpid $child, 0;
    print "  $bytes\n";
    1;
};
came "mknod of a device", system("mknod", "device", "c", "1", "3") == 0;
printf "  device %x\n", (stat "device")[6];

# Locks
sub in_child {
    my ($what) = @_;
    pipe my $from, my $to or die;
    my $child = fork;
    if (!$child) {
        syswrite $to, $what->() ? "done" : "$!";
        POSIX::_exit(0);
    }
    close $to;
    sysread $from, my $said, 100;
    waitpid $child, 0;
    return "  another process: $said\n";
}

# struct flock: type, whence, start, length, process
sub range { return pack "s s x4 q q l x4", @_, 0 }

my $others_lock = sub {
    my ($type, $start) = @_;
    return sub {
        open my $file, "+<", "second" or return 0;
        return fcntl $file, F_SETLK, range($type, SEEK_SET, $start, 10);
    };
};
open my $locked, "+<", "second" or die;
came "an exclusive lock on a range", fcntl $locked, F_SETLK, range(F_WRLCK, SEEK_SET, 0, 10);
print in_child($others_lock->(F_WRLCK, 5));
print in_child($others_lock->(F_RDLCK, 5));
print in_child($others_lock->(F_WRLCK, 10));
came "a shared lock instead", fcntl $locked, F_SETLK, range(F_RDLCK, SEEK_SET, 0, 10);
print in_child($others_lock->(F_RDLCK, 5));
print in_child($others_lock->(F_WRLCK, 5));
came "unlocked", fcntl $locked, F_SETLK, range(F_UNLCK, SEEK_SET, 0, 10);
print in_child($others_lock->(F_WRLCK, 5));
my $others_flock = sub {
    open my $file, "+<", "second" or return 0;
    return flock $file, LOCK_EX | LOCK_NB;
};
came "flock", flock $locked, LOCK_EX;
print in_child($others_flock);
came "its end", flock $locked, LOCK_UN;
print in_child($others_flock);

unlink "second", "target", "fifo", "device";
opendir my $rest, "." or die;
print "left: ", join(" ", sort grep { !/^\.\.?$/ } readdir $rest), "\n";
