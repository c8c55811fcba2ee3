package dev.ninepin.share.inode;

import dev.ninepin.p9.Qid;

/**
 * A server's identifier of a file. Two files may have the same one ({@code Twins}).
 *
 * @param path qid.path
 * @param type qid.type, since servers may number directories and files separately
 */
public record FileId(long path, int type) {
    public static FileId of(final Qid qid) {
        return new FileId(qid.path(), qid.type());
    }

    /** Returns a qid of the file, without a version. */
    public Qid qid() {
        return new Qid(type, 0, path);
    }
}
