package dev.ninepin.share;

import dev.ninepin.p9.Qid;

/**
 * A server's identifier of a file. Two files may have the same one ({@link Twins}).
 *
 * @param path qid.path
 * @param type qid.type, since servers may number directories and files separately
 */
record FileId(long path, int type) {
    static FileId of(final Qid qid) {
        return new FileId(qid.path(), qid.type());
    }
}
