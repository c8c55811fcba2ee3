package dev.ninepin.share.inode;

import java.util.List;
import java.util.Optional;

/**
 * The result of comparing a file that was found under a new name with the known inodes that have its file ID. It
 * decides which inode the name gets, and which inode number that inode shows:
 *
 * <pre>{@code
 * relation    same      inode of the name   inode number   lookup
 * SAME        present   the known inode     unchanged      done
 * NEW         empty     a new inode         the server's   done
 * UNCERTAIN   empty     a new inode         our own        done
 * CHANGING    empty     a new inode         our own        repeated; this row applies to the last attempt
 * TWIN        empty     a new inode         our own        done; the first one on a mount logs a warning
 * }</pre>
 *
 * <p>A name that already has an inode with this file ID keeps that inode. A table at {@code Inodes.enter} shows what
 * becomes of the other names and the path fids of the inode.
 *
 * @param same the file's inode; empty if the file is none of the known ones
 * @param compared the inodes with the file's ID that the comparison covered
 * @param relation the file's relation to these inodes
 */
public record Identity(Optional<Inode> same, List<Inode> compared, Relation relation) {
    /**
     * The relation of a file to the known inodes that have its file ID. With several inodes, {@link #SAME} counts if it
     * applies to one of them, and otherwise the last applicable constant of this list.
     */
    public enum Relation {
        /** The file is one of the known inodes. */
        SAME,
        /** The file is none of the known inodes that still exist. */
        NEW,
        /** The file may be one of the known inodes. */
        UNCERTAIN,
        /**
         * The file may be one of the known inodes. Other clients are changing them, so another attempt may give an
         * answer.
         */
        CHANGING,
        /** The file is none of the known inodes, and one of these still exists with the same number. */
        TWIN
    }

    /** The identity of a file whose file ID no known inode has. */
    public static final Identity NEW = new Identity(Optional.empty(), List.of(), Relation.NEW);

    /** Returns whether another file may have the same number now, so that the number must not be shown for both. */
    boolean isTwin() {
        return relation.compareTo(Relation.UNCERTAIN) >= 0;
    }

    /**
     * Returns whether the comparison covered all of {@code known}, the inodes that have the file's ID now. If it did
     * not, the result is no longer valid.
     */
    boolean covers(final List<Inode> known) {
        return compared.containsAll(known) && (same.isEmpty() || known.contains(same.get()));
    }
}
