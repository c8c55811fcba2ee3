package dev.ninepin.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** A recorder of the lines that a class logs until the recorder is closed. */
public final class Logged implements AutoCloseable {
    private final Logger logger;
    private final @Nullable Level before;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(final ILoggingEvent event) {
            lines.add(event.getLevel() + " " + event.getFormattedMessage());
        }
    };

    private Logged(final Class<?> source, final @Nullable Level level) {
        logger = (Logger) LoggerFactory.getLogger(source);
        before = logger.getLevel();
        if (level != null) {
            logger.setLevel(level);
        }
        appender.setContext(logger.getLoggerContext());
        appender.start();
        logger.addAppender(appender);
    }

    /** Records at the level that is set. */
    public static Logged from(final Class<?> source) {
        return new Logged(source, null);
    }

    /** Records DEBUG lines too. */
    public static Logged debugFrom(final Class<?> source) {
        return new Logged(source, Level.DEBUG);
    }

    /** Returns the lines, each preceded by its level. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setLevel(before);
    }
}
