package dev.ninepin.daemon.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JournalTest {
    @TempDir
    private Path temporary;

    @ParameterizedTest
    @CsvSource({"ERROR, <3>", "WARN, <4>", "INFO, <6>", "DEBUG, <7>", "TRACE, <7>"})
    void everyLevelHasItsPriorityAndNoTime(final String level, final String priority) {
        assertThat(line(Level.toLevel(level), "all is %s well", null)).isEqualTo(priority + "Some: all is %s well\n");
    }

    @Test
    void everyLineOfAStackTraceHasThePriority() {
        final String text = line(Level.WARN, "one\ntwo", new IllegalStateException("bad", new RuntimeException("why")));
        assertThat(text.lines()).hasSizeGreaterThan(4).allMatch(each -> each.startsWith("<4>"));
        assertThat(text)
                .startsWith("<4>Some: one\n<4>two\n<4>java.lang.IllegalStateException: bad\n<4>\tat ")
                .contains("\n<4>Caused by: java.lang.RuntimeException: why\n")
                .endsWith("\n")
                .doesNotEndWith("\n\n");
    }

    @Test
    void onlyTheStreamThatTheVariableNamesIsTheJournal() throws Exception {
        final Path file = Files.createFile(temporary.resolve("file"));
        final String name = Files.getAttribute(file, "unix:dev") + ":" + Files.getAttribute(file, "unix:ino");
        assertThat(Journal.isStream(file, name)).isTrue();
        assertThat(Journal.isStream(Files.createFile(temporary.resolve("other")), name))
                .isFalse();
        assertThat(Journal.isStream(file, "8:0")).isFalse();
        assertThat(Journal.isStream(file, null)).isFalse();
        assertThat(Journal.isStream(temporary.resolve("none"), name)).isFalse();
    }

    private static String line(final Level level, final String message, final Throwable thrown) {
        final LoggerContext context = new LoggerContext();
        final JournalLayout layout = new JournalLayout();
        layout.setContext(context);
        layout.start();
        final Logger logger = context.getLogger("dev.ninepin.Some");
        return layout.doLayout(new LoggingEvent("here", logger, level, message, thrown, new Object[0]));
    }
}
