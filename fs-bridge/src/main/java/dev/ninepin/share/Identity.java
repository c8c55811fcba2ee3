package dev.ninepin.share;

import java.util.List;
import java.util.Optional;

/**
 * What is known of a file that was found under a new name.
 *
 * @param same the inode that it is; empty if it is none that is known
 * @param compared the inodes with its number that were looked at to say so
 * @param relation of the file to those
 */
record Identity(Optional<Inode> same, List<Inode> compared, Relation relation) {
    /** What a file is to the known ones that have its number. Of several, the last one here counts. */
    enum Relation {
        /** One of them. */
        SAME,
        /** None of them, as far as they are still there. */
        NEW,
        /** It may be one of them. */
        UNCERTAIN,
        /** It may be one of them, and others are just changing them, so that another attempt may tell. */
        CHANGING,
        /** One of them is there as well. */
        TWIN
    }

    /** Of a file whose number no other inode has. */
    static final Identity NEW = new Identity(Optional.empty(), List.of(), Relation.NEW);

    /** Whether its number may be another file's at this moment, and is not to be shown for both. */
    boolean isTwin() {
        return relation.compareTo(Relation.UNCERTAIN) >= 0;
    }

    /** Whether these are all inodes with its number, so that the judgement still holds. */
    boolean covers(final List<Inode> known) {
        return compared.containsAll(known) && (same.isEmpty() || known.contains(same.get()));
    }
}
