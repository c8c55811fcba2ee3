package dev.ninepin.daemon.doctor;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.options.MountOptions;
import dev.ninepin.daemon.options.Source;
import dev.ninepin.virtio.driver.VirtioDevices;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Checks of what a mount needs from this system. They change nothing. */
public final class Doctor {
    /** One check. */
    @FunctionalInterface
    interface Check {
        /** Runs the check. Returns an empty list if it does not apply to this system. */
        List<Finding> examine();
    }

    private final List<Check> checks;

    Doctor(final List<Check> checks) {
        this.checks = List.copyOf(checks);
    }

    /**
     * Returns the checks for mounts in general, or for a mount of one source.
     *
     * @param source the source to mount; null for mounts in general
     * @param optionList the options of the mount, as for {@code mount -o}
     * @throws NinepinException with {@link ExitCode#USAGE} if the source or the options are invalid
     */
    public static Doctor of(final @Nullable String source, final String optionList) throws NinepinException {
        final MountOptions options = MountOptions.parse(optionList);
        final Source parsed = source == null ? null : options.v9fs().source(source);
        final User user;
        try {
            user = User.current();
        } catch (final IOException e) {
            throw new NinepinException(
                    ExitCode.SYSTEM, "cannot read the user ID of this process: " + e.getMessage(), e);
        }
        final HostFiles host = HostFiles.ofThisSystem();
        final List<Check> checks = new ArrayList<>(new FuseChecks(host, user, options.allowOther()).all());
        checks.addAll(new DeviceChecks(host, user, parsed).all());
        if (DeviceChecks.concernsDevices(parsed)) {
            checks.add(new VirtioCheck(VirtioDevices.ofThisSystem()::list));
        }
        if (parsed != null) {
            checks.add(new SourceCheck(parsed, options, user));
        }
        return new Doctor(checks);
    }

    /** Runs all checks, one after the other. */
    public List<Finding> examine() {
        final List<Finding> findings = new ArrayList<>();
        for (final Check check : checks) {
            findings.addAll(check.examine());
        }
        return findings;
    }

    /** Returns whether a mount would work: whether {@code findings} contains no failure. */
    public static boolean hasNoFailure(final List<Finding> findings) {
        return findings.stream().noneMatch(finding -> finding.verdict() == Finding.Verdict.FAIL);
    }
}
