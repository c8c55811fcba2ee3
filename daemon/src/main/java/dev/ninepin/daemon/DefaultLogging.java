package dev.ninepin.daemon;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.slf4j.event.Level;

/**
 * The logging of a command that asks for none: warnings, on standard error. Logback finds this class by the service
 * file of its {@link Configurator}; without it, Logback would print everything from DEBUG on to standard output.
 */
public final class DefaultLogging extends ContextAwareBase implements Configurator {
    @Override
    public ExecutionStatus configure(final LoggerContext loggers) {
        Logging.toStandardError(loggers, Level.WARN);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
