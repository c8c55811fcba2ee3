package dev.ninepin.daemon;

import dev.ninepin.virtio.VirtioDevices;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds out what a mount needs and this system lacks; changes nothing. */
public final class Doctor {
    /** Looks at one thing. */
    @FunctionalInterface
    interface Check {
        /** What was found; nothing, if the check has no meaning here. */
        List<Finding> examine();
    }

    private final List<Check> checks;

    Doctor(final List<Check> checks) {
        this.checks = List.copyOf(checks);
    }

    /**
     * For mounts in general, or for that of one source.
     *
     * @param source what is to be mounted, null for anything
     * @param optionList its options, as {@code mount -o} takes them
     * @throws NinepinException with {@link ExitCode#USAGE} if the words make no sense
     */
    public static Doctor of(final @Nullable String source, final String optionList) throws NinepinException {
        final MountOptions options = MountOptions.parse(optionList);
        final Source parsed = source == null ? null : options.v9fs().source(source);
        final User user;
        try {
            user = User.current();
        } catch (final IOException e) {
            throw new NinepinException(ExitCode.SYSTEM, "this process does not know its user: " + e.getMessage(), e);
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

    /** Runs the checks, one after the other, all of them. */
    public List<Finding> examine() {
        final List<Finding> findings = new ArrayList<>();
        for (final Check check : checks) {
            findings.addAll(check.examine());
        }
        return findings;
    }

    /** Whether a mount would work. */
    public static boolean isWell(final List<Finding> findings) {
        return findings.stream().noneMatch(finding -> finding.verdict() == Finding.Verdict.FAIL);
    }
}
