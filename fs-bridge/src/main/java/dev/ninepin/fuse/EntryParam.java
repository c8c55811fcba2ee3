package dev.ninepin.fuse;

import jnr.ffi.Struct;
import ru.serce.jnrfuse.struct.FileStat;

/** {@code struct fuse_entry_param} of fuse_lowlevel.h: a name that was found. The fields stand in the struct's order. */
final class EntryParam extends Struct {
    /** The kernel's name for the file; 0 says that there is none, for as long as {@link #entryTimeout}. */
    final Unsigned64 node = new Unsigned64();

    final Unsigned64 generation = new Unsigned64();
    final FileStat attributes = inner(new FileStat(Native.RUNTIME));

    /** Seconds. */
    final Double attributeTimeout = new Double();

    /** Seconds. */
    final Double entryTimeout = new Double();

    EntryParam() {
        super(Native.RUNTIME);
    }
}
