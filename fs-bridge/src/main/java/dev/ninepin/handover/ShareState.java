package dev.ninepin.handover;

import dev.ninepin.operations.Attributes;
import dev.ninepin.operations.FileLock;
import dev.ninepin.p9.ByteString;
import dev.ninepin.p9.Qid;
import dev.ninepin.p9.Rgetattr;
import java.util.List;
import java.util.Optional;

/**
 * The state of a share that a new program cannot get from the server. It contains no fids: the new program makes fids
 * as after the end of a connection.
 *
 * @param lastNode the last node ID that the kernel was given
 * @param nodes the inodes, beginning with the root; not copied, because the list may make each element on demand
 * @param lastFile the last handle of a file that the kernel was given
 * @param lastDirectory the last handle of a directory that the kernel was given
 * @param locks the locks that programs hold, with {@code locks=remote}
 */
public record ShareState(
        long lastNode,
        List<Node> nodes,
        long lastFile,
        List<File> files,
        long lastDirectory,
        List<Directory> directories,
        List<Lock> locks,
        Asides asides) {
    public ShareState {
        files = List.copyOf(files);
        directories = List.copyOf(directories);
        locks = List.copyOf(locks);
    }

    /**
     * A name of a file.
     *
     * @param directory the node ID of the directory
     */
    public record Name(long directory, ByteString name) {}

    /**
     * An inode.
     *
     * @param node the node ID
     * @param lookups the lookup count
     * @param isTwin whether the inode has an inode number of Ninepin's own
     * @param isIndexed whether another name with the same qid may lead to this inode
     * @param names the names under which the file was found
     * @param path the index of the name that the path uses; -1 if no path leads to the file
     * @param home the node ID of the directory of the name that was added last; 0 if the directory is no longer known
     * @param attributes the last attributes that the server has sent
     * @param writtenTo the largest offset written to since then, in bytes
     * @param removed the attributes to show after the last name was removed on this mount
     * @param hidden the silly-renamed file's temporary name
     * @param hasLostWrites whether the kernel may have data that the server did not accept
     * @param isUnsynced whether there are changes that the server has not synced
     * @param mayBeLost whether some of these changes were made before the latest connection
     * @param alwaysDrops whether the kernel may drop pages on its own at any time
     */
    public record Node(
            long node,
            Qid qid,
            long lookups,
            boolean isTwin,
            boolean isIndexed,
            List<Name> names,
            int path,
            long home,
            Optional<Rgetattr> attributes,
            long writtenTo,
            Optional<Attributes> removed,
            Optional<Hidden> hidden,
            boolean hasLostWrites,
            boolean isUnsynced,
            boolean mayBeLost,
            boolean alwaysDrops) {
        public Node {
            names = List.copyOf(names);
        }
    }

    /**
     * The temporary name of a silly-renamed file.
     *
     * @param user the server ID of the user who removes the file
     */
    public record Hidden(Name name, int user) {}

    /**
     * An open file.
     *
     * @param flags the flags that its first fid was opened with
     * @param iounit the server's iounit for its first fid, in bytes; 0 if there is none
     * @param user the opener's server ID
     * @param isWriting whether the file is counted among the inode's writers
     * @param isLockLost whether another client took a lock of this file
     */
    public record File(
            long handle, long node, int flags, int iounit, int user, boolean isWriting, boolean isLockLost) {}

    /**
     * An open directory.
     *
     * @param user the opener's server ID
     * @param cookies the server's cookies for which programs have got numbers, in the order of the numbers
     * @param counts whether the server numbers the entries of each page from 1
     */
    public record Directory(long handle, long node, int user, List<Long> cookies, boolean counts) {
        public Directory {
            cookies = List.copyOf(cookies);
        }
    }

    /** A lock that flock(2) or fcntl(2) has set. */
    public record Lock(boolean isFlock, FileLock lock) {}

    /**
     * The temporary names of a mount.
     *
     * @param prefix the beginning of all these names
     * @param last the number of the last one
     * @param shown the names that listings show, because the files could not be removed
     * @param lock the descriptor of the file whose lock shows that the mount is running; -1 if no notes are made
     */
    public record Asides(String prefix, long last, List<ByteString> shown, int lock) {
        public Asides {
            shown = List.copyOf(shown);
        }
    }
}
