package dev.ninepin.daemon.doctor;

import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.host.User;
import dev.ninepin.daemon.life.MountedShare;
import dev.ninepin.daemon.options.MountOptions;
import dev.ninepin.daemon.options.Source;
import dev.ninepin.session.Session;
import java.util.List;
import java.util.Optional;

/** A check that a source leads to a 9P2000.L server that lets this user attach. It connects and disconnects again. */
final class SourceCheck implements Doctor.Check {
    private static final String SUBJECT = "source";

    private final Source source;
    private final MountOptions options;
    private final User user;

    SourceCheck(final Source source, final MountOptions options, final User user) {
        this.source = source;
        this.options = options;
        this.user = user;
    }

    @Override
    public List<Finding> examine() {
        try {
            source.check();
            try (Session session = MountedShare.connect(source, options, user)) {
                return List.of(Finding.ok(SUBJECT, source + ": a 9P2000.L server answers, msize " + session.msize()));
            }
        } catch (final NinepinException e) {
            // The message already says what to do, so the finding has no remedy.
            return List.of(new Finding(Finding.Verdict.FAIL, SUBJECT, e.sentence(), Optional.empty()));
        }
    }
}
