package dev.ninepin.share;

import dev.ninepin.p9.Qid;

/**
 * What the server numbers a file with: two files may have the same ({@link Twins}).
 *
 * @param path qid.path
 * @param type qid.type, since servers may number directories and files apart
 */
record FileId(long path, int type) {
    static FileId of(final Qid qid) {
        return new FileId(qid.path(), qid.type());
    }
}
