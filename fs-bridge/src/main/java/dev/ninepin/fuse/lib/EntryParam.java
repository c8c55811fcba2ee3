package dev.ninepin.fuse.lib;

import jnr.ffi.Struct;
import ru.serce.jnrfuse.struct.FileStat;

/** {@code struct fuse_entry_param} of fuse_lowlevel.h: the result of a lookup. The fields are in the struct's order. */
public final class EntryParam extends Struct {
    /** The node ID; 0 for a negative entry, which is valid for {@link #entryTimeout}. */
    public final Unsigned64 node = new Unsigned64();

    final Unsigned64 generation = new Unsigned64();
    public final FileStat attributes = inner(new FileStat(Native.RUNTIME));

    /** In seconds. */
    public final Double attributeTimeout = new Double();

    /** In seconds. */
    public final Double entryTimeout = new Double();

    public EntryParam() {
        super(Native.RUNTIME);
    }
}
