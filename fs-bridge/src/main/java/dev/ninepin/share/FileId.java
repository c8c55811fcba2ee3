package dev.ninepin.share;

import dev.ninepin.p9.Qid;

/**
 * What makes a file the same file: two names with the same are hard links.
 *
 * @param path qid.path
 * @param type qid.type, since servers may number directories and files apart
 */
record FileId(long path, int type) {
    static FileId of(final Qid qid) {
        return new FileId(qid.path(), qid.type());
    }
}
