package dev.ninepin.daemon.options;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.MountTable;
import dev.ninepin.daemon.host.MountTarget;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.Reason;
import dev.ninepin.daemon.host.RuntimeDirectory;
import dev.ninepin.daemon.host.ShellText;
import dev.ninepin.daemon.host.User;
import dev.ninepin.fuse.mount.MountChecks;
import dev.ninepin.fuse.mount.ReadAhead;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.event.Level;

/**
 * The arguments of {@code ninepin mount}, validated as far as possible without starting anything.
 *
 * @param source the source
 * @param mountPoint the directory, as the kernel will list it
 * @param options the parsed options
 * @param optionList the options as given
 * @param note a message about how the options were interpreted, if one is needed
 * @param logLevel the log level of the daemon
 */
public record MountRequest(
        Source source,
        Path mountPoint,
        MountOptions options,
        String optionList,
        Optional<String> note,
        Level logLevel) {
    /**
     * Parses the arguments of a command line.
     *
     * @throws NinepinException with {@link ExitCode#USAGE} if an argument is invalid
     */
    public static MountRequest parse(
            final String source, final String directory, final String optionList, final Level logLevel)
            throws NinepinException {
        final MountOptions options = MountOptions.parse(optionList);
        if (SourceHint.isSource(directory) && (SourceHint.isDirectory(source) || SourceHint.isPath(source))) {
            throw NinepinException.usage("source and directory are swapped: write " + ShellText.quote(directory) + " "
                    + ShellText.quote(source));
        }
        if (SourceHint.isDirectory(source) && SourceHint.isTag(directory)) {
            throw NinepinException.usage("the source " + source + " is a directory: did you mean "
                    + ShellText.quote("qemu:" + source) + ", or, with the arguments swapped, "
                    + ShellText.quote(directory)
                    + " "
                    + ShellText.quote(source) + "?");
        }
        final Source parsed = options.v9fs().source(source);
        if (options.driver().isPresent() && !parsed.takesDriver()) {
            throw NinepinException.usage(
                    "option driver= applies to virtio devices only, but the source is " + parsed + ": leave it out");
        }
        final Path mountPoint = MountTarget.resolve(SourceParser.path(directory), mountTable());
        final Optional<String> note = options.v9fs().note(source, parsed, options.allowOther());
        return new MountRequest(parsed, mountPoint, options, optionList, note, logLevel);
    }

    /**
     * Reads a configuration file; see ninepin.conf(5).
     *
     * @throws NinepinException with {@link ExitCode#USAGE} if the file is invalid
     */
    public static MountRequest ofConfiguration(final String file) throws NinepinException {
        return MountConfiguration.read(SourceParser.path(file));
    }

    /**
     * Returns the request of an existing mount that no program serves at the moment.
     *
     * @param source the source, in the text form of {@link Source}
     * @param mountPoint the directory, as the kernel lists it
     * @throws NinepinException with {@link ExitCode#USAGE} if the source or an option is invalid
     */
    public static MountRequest ofRunning(
            final String source, final Path mountPoint, final String optionList, final Level logLevel)
            throws NinepinException {
        return new MountRequest(
                SourceParser.parse(source),
                mountPoint,
                MountOptions.parse(optionList),
                optionList,
                Optional.empty(),
                logLevel);
    }

    /**
     * Checks for obstacles to the mount before anything is started.
     *
     * @throws NinepinException with {@link ExitCode#MOUNT_FAILED} if the directory or the source cannot work, with
     *     {@link ExitCode#SYSTEM} if this system does not let the user mount
     */
    public void check() throws NinepinException {
        MountTarget.check(mountPoint, mountTable());
        source.check();
        try {
            final User user = User.current();
            checkSystem(user);
            if (!user.isRoot() && options.kernelFlags().contains("nosymfollow")) {
                throw NinepinException.mountFailed("option nosymfollow requires root;"
                        + " use contain_symlinks to block links that lead out of the share");
            }
            final int readahead = options.limits().readahead().orElse(0);
            if (!user.isRoot() && readahead > ReadAhead.OF_THE_KERNEL) {
                throw NinepinException.mountFailed("option readahead=" + readahead + " requires root; other users can"
                        + " set at most " + ReadAhead.OF_THE_KERNEL + " bytes");
            }
            RuntimeDirectory.ofCurrentUser().prepare();
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.SYSTEM, "cannot prepare the directory of the control socket: " + Reason.of(e), e);
        }
    }

    private void checkSystem(final User user) throws NinepinException {
        try {
            MountChecks.ofThisSystem(user.isRoot()).checkSystem(options.allowOther());
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, Reason.of(e), e);
        }
    }

    private static MountTable mountTable() throws NinepinException {
        try {
            return MountTable.read();
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "the mount table cannot be read: " + e.getMessage(), e);
        }
    }
}
