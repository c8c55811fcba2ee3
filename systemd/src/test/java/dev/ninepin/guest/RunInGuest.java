package dev.ninepin.guest;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.List;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * The guest's side of {@link TestsInGuest}: runs JUnit classes. For each test that has ended, it appends a line to a
 * file of results. The line has the status, class, name and the failure in Base64, separated by tabs.
 */
final class RunInGuest {
    private RunInGuest() {}

    static void run(final Path results, final List<String> classes) {
        LauncherFactory.create()
                .execute(
                        LauncherDiscoveryRequestBuilder.request()
                                .selectors(classes.stream()
                                        .map(name -> selectClass(name))
                                        .toList())
                                .build(),
                        new TestExecutionListener() {
                            @Override
                            public void executionFinished(final TestIdentifier test, final TestExecutionResult result) {
                                // A container is reported only if it fails, because its tests may not have run then.
                                if (test.isTest() || result.getThrowable().isPresent()) {
                                    append(
                                            results,
                                            result.getStatus().name(),
                                            test,
                                            result.getThrowable()
                                                    .map(RunInGuest::text)
                                                    .orElse(""));
                                }
                            }

                            @Override
                            public void executionSkipped(final TestIdentifier test, final String reason) {
                                append(results, "SKIPPED", test, reason);
                            }
                        });
    }

    private static void append(
            final Path results, final String status, final TestIdentifier test, final String failure) {
        final String line = String.join(
                "\t",
                status,
                className(test),
                test.getDisplayName(),
                Base64.getEncoder().encodeToString(failure.getBytes(Guest.TEXT)));
        try {
            Files.writeString(results, line + "\n", Guest.TEXT, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (final IOException e) {
            throw new IllegalStateException("a result is lost", e);
        }
    }

    private static String className(final TestIdentifier test) {
        return test.getSource()
                .map(source -> source instanceof MethodSource method
                        ? method.getClassName()
                        : source instanceof ClassSource type ? type.getClassName() : source.toString())
                .orElse("");
    }

    private static String text(final Throwable failure) {
        final StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }
}
