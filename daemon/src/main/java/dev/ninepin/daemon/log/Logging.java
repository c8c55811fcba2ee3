package dev.ninepin.daemon.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.Layout;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import ch.qos.logback.core.rolling.FixedWindowRollingPolicy;
import ch.qos.logback.core.rolling.RollingFileAppender;
import ch.qos.logback.core.rolling.SizeBasedTriggeringPolicy;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/**
 * The configuration of Logback, which does the logging of this process. Not thread-safe: used by the main thread before
 * other threads log.
 */
public final class Logging {
    private static final FileSize MAX_FILE_SIZE = new FileSize(4 * FileSize.MB_COEFFICIENT);
    private static final int OLD_FILES = 2;

    private final LoggerContext context;

    private Logging(final LoggerContext context, final org.slf4j.event.Level level) {
        this.context = context;
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(Level.convertAnSLF4JLevel(level));
    }

    /** Sends log messages of {@code level} and above to standard error. */
    public static Logging toStandardError(final org.slf4j.event.Level level) {
        return toStandardError(resetContext(), level);
    }

    /** Drops log messages until {@link #moveTo}, and from then on those below {@code level}. */
    public static Logging toNowhere(final org.slf4j.event.Level level) {
        return new Logging(resetContext(), level);
    }

    private static LoggerContext resetContext() {
        final LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        return context;
    }

    /** Sends log messages of {@code level} and above to standard error, for a {@code context} without an appender. */
    static Logging toStandardError(final LoggerContext context, final org.slf4j.event.Level level) {
        final Logging logging = new Logging(context, level);
        final ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setTarget("System.err");
        logging.use(console, Journal.isStandardError() ? new JournalLayout() : new LogLayout());
        return logging;
    }

    /**
     * Moves the log to {@code file}. The file is rotated by size, so that a mount of several years cannot fill the
     * disk.
     */
    public void moveTo(final Path file) {
        final RollingFileAppender<ILoggingEvent> appender = new RollingFileAppender<>();
        appender.setContext(context);
        appender.setFile(file.toString());

        final FixedWindowRollingPolicy rolling = new FixedWindowRollingPolicy();
        rolling.setContext(context);
        rolling.setParent(appender);
        // Logback would interpret a percent sign in its pattern. MountName never writes one.
        rolling.setFileNamePattern(file + ".%i");
        rolling.setMinIndex(1);
        rolling.setMaxIndex(OLD_FILES);
        rolling.start();
        appender.setRollingPolicy(rolling);

        final SizeBasedTriggeringPolicy<ILoggingEvent> trigger = new SizeBasedTriggeringPolicy<>();
        trigger.setContext(context);
        trigger.setMaxFileSize(MAX_FILE_SIZE);
        trigger.start();
        appender.setTriggeringPolicy(trigger);

        stop();
        use(appender, new LogLayout());
    }

    /** Stops logging. */
    public void stop() {
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).detachAndStopAllAppenders();
    }

    private void use(final OutputStreamAppender<ILoggingEvent> appender, final Layout<ILoggingEvent> layout) {
        layout.setContext(context);
        layout.start();
        final LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setLayout(layout);
        encoder.start();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).addAppender(appender);
    }
}
