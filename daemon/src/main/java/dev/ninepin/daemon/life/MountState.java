package dev.ninepin.daemon.life;

import dev.ninepin.handover.FuseState;
import dev.ninepin.handover.ShareState;
import dev.ninepin.handover.StateFile;
import dev.ninepin.p9.ByteString;
import java.util.Optional;

/**
 * The state that the program of a mount passes on to its replacement.
 *
 * @param source the source, in its text form
 * @param directory the directory of the mount
 * @param directoryBytes the directory in bytes
 * @param optionList the options as given
 * @param logLevel the name of the log level
 * @param isForeground whether the mount is served in the foreground, with the log on standard error
 * @param log the log file, if there is one
 * @param since when the mount became usable, in ISO 8601
 */
public record MountState(
        String source,
        String directory,
        ByteString directoryBytes,
        String optionList,
        String logLevel,
        boolean isForeground,
        Optional<String> log,
        String since,
        FuseState fuse,
        ShareState share) {
    /** The version of the format. Each change of a component, here or in a nested record, increments it. */
    public static final int VERSION = 1;

    /** Returns the format of the file. */
    static StateFile<MountState> format() {
        return new StateFile<>(MountState.class, VERSION);
    }
}
