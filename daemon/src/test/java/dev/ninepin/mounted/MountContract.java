package dev.ninepin.mounted;

import java.io.IOException;

/** What every mount does, whichever server is behind it. */
abstract class MountContract extends SharedMount
        implements Trees,
                NamesOfFiles,
                Directories,
                Contents,
                OpenFiles,
                FileLocks,
                AttributesOfFiles,
                XattrsOfFiles,
                ProgramsAtWork,
                Consistency,
                MountOptions,
                Failures {
    MountContract(final ServerKind kind) throws IOException {
        super(kind);
    }
}
