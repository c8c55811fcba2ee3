package dev.ninepin.daemon.life;

import dev.ninepin.daemon.host.ExitCode;
import dev.ninepin.daemon.host.NinepinException;
import dev.ninepin.daemon.log.Logging;
import dev.ninepin.daemon.options.MountRequest;
import dev.ninepin.daemon.systemd.ServiceManager;
import dev.ninepin.os.LibC;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.event.Level;

/**
 * A mount that this process serves after its program was replaced ({@link Replacement}). The main thread calls {@link
 * #run} once; any thread may call {@link #requestEnd}.
 */
public final class TakenOverMount {
    private final MountRequest request;
    private final MountState earlier;
    private final Optional<ForegroundMount> foreground;
    private final MountLife background;

    private TakenOverMount(final MountRequest request, final MountState earlier) {
        this.request = request;
        this.earlier = earlier;
        this.foreground = earlier.isForeground()
                ? Optional.of(new ForegroundMount(request, ServiceManager.ofEnvironment(), earlier))
                : Optional.empty();
        this.background = new MountLife(request, false, earlier, () -> {});
    }

    /** Returns whether the arguments of a program ask it to take over a mount. */
    public static boolean isRequested(final String... arguments) {
        return arguments.length > 0 && arguments[arguments.length - 1].startsWith(Replacement.TAKE_OVER);
    }

    /** Returns whether the arguments of a program ask for the version of the states that it reads. */
    public static boolean isVersionRequested(final String... arguments) {
        return arguments.length == 1 && arguments[0].equals(Replacement.STATE_VERSION);
    }

    /**
     * Reads the state from the earlier program.
     *
     * @throws NinepinException with {@link ExitCode#SYSTEM} if the state cannot be used
     */
    public static TakenOverMount of(final String... arguments) throws NinepinException {
        try {
            final int memory =
                    Integer.parseInt(arguments[arguments.length - 1].substring(Replacement.TAKE_OVER.length()));
            final MountState state = MountState.format().read(Replacement.pathOf(memory));
            LibC.get().close(memory);
            final MountRequest request = MountRequest.ofRunning(
                    state.source(), Path.of(state.directory()), state.optionList(), Level.valueOf(state.logLevel()));
            return new TakenOverMount(request, state);
        } catch (final IOException | IllegalArgumentException e) {
            throw new NinepinException(ExitCode.SYSTEM, "the mount cannot be taken over: " + e.getMessage(), e);
        }
    }

    /** Serves. Returns when the mount has ended. */
    public void run() throws NinepinException {
        if (foreground.isPresent()) {
            foreground.get().run();
            return;
        }
        final Logging logging = Logging.toNowhere(request.logLevel());
        earlier.log().map(Path::of).ifPresent(logging::moveTo);
        background.run(share -> earlier.log().map(Path::of).orElse(null));
    }

    /** Ends the mount. Idempotent. */
    public void requestEnd() {
        foreground.ifPresentOrElse(ForegroundMount::requestEnd, background::requestEnd);
    }
}
