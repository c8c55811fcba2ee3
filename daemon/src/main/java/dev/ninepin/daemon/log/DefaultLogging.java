package dev.ninepin.daemon.log;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.slf4j.event.Level;

/**
 * The logging of commands that do not configure it: warnings and errors, on standard error. Logback finds this class
 * through the service file for {@link Configurator}. Without it, Logback would print everything from DEBUG up to
 * standard output.
 */
public final class DefaultLogging extends ContextAwareBase implements Configurator {
    @Override
    public ExecutionStatus configure(final LoggerContext loggers) {
        Logging.toStandardError(loggers, Level.WARN);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
