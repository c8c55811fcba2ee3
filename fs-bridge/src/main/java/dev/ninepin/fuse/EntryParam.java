package dev.ninepin.fuse;

import jnr.ffi.Struct;
import ru.serce.jnrfuse.struct.FileStat;

/** {@code struct fuse_entry_param} of fuse_lowlevel.h: the result of a lookup. The fields are in the struct's order. */
final class EntryParam extends Struct {
    /** The node ID; 0 for a negative entry, which is valid for {@link #entryTimeout}. */
    final Unsigned64 node = new Unsigned64();

    final Unsigned64 generation = new Unsigned64();
    final FileStat attributes = inner(new FileStat(Native.RUNTIME));

    /** In seconds. */
    final Double attributeTimeout = new Double();

    /** In seconds. */
    final Double entryTimeout = new Double();

    EntryParam() {
        super(Native.RUNTIME);
    }
}
