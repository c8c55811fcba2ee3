package dev.ninepin.guest;

import java.io.IOException;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * A JUnit extension that provides test classes with their guest. A guest runs until a class needs another kind. {@link
 * ByGuest} sorts the classes so that each kind boots only once. If a test fails, the last lines of the guest's logs are
 * added to the failure.
 */
final class GuestExtension implements BeforeAllCallback, ParameterResolver, TestExecutionExceptionHandler {
    private static final ExtensionContext.Namespace OURS = ExtensionContext.Namespace.create(GuestExtension.class);

    /** The running guest. The root context holds it, and closes it after the last class. */
    private static final class Running implements AutoCloseable {
        private final Guest guest;

        private Running(final Guest guest) {
            this.guest = guest;
        }

        @Override
        public void close() throws InterruptedException {
            guest.powerOff();
        }
    }

    /** The reason why a kind of guest cannot run. Later classes fail with it without another attempt. */
    private record Broken(GuestKind kind, IOException reason) {}

    @Override
    public void beforeAll(final ExtensionContext context) throws Exception {
        final GuestKind kind =
                context.getRequiredTestClass().getAnnotation(InGuest.class).value();
        final ExtensionContext.Store store = context.getRoot().getStore(OURS);
        final Running running = store.get(Running.class, Running.class);
        if (running != null && running.guest.kind() == kind) {
            return;
        }
        if (running != null) {
            store.remove(Running.class);
            running.close();
        }
        final Broken broken = store.get(Broken.class, Broken.class);
        if (broken != null && broken.kind == kind) {
            throw new IOException("the guest can't run, as said before: " + broken.reason.getMessage(), broken.reason);
        }
        try {
            store.put(Running.class, new Running(Guest.boot(kind)));
        } catch (final IOException e) {
            store.put(Broken.class, new Broken(kind, e));
            throw e;
        }
    }

    @Override
    public boolean supportsParameter(final ParameterContext parameter, final ExtensionContext context) {
        return parameter.getParameter().getType() == Guest.class;
    }

    @Override
    public Guest resolveParameter(final ParameterContext parameter, final ExtensionContext context) {
        return guest(context);
    }

    @Override
    public void handleTestExecutionException(final ExtensionContext context, final Throwable failure) throws Throwable {
        failure.addSuppressed(new AssertionError(guest(context).lastWords()));
        throw failure;
    }

    private static Guest guest(final ExtensionContext context) {
        return context.getRoot().getStore(OURS).get(Running.class, Running.class).guest;
    }
}
