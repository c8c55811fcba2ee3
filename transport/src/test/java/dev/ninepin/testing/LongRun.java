package dev.ninepin.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * Marks tests that take long: stress, fault and differential tests, suites of programs, and repetitions of a contract
 * over one more server. {@code ./verify} runs them; {@code ./verify --quick} excludes their tag.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Tag(LongRun.TAG)
public @interface LongRun {
    /** The tag, for Surefire's {@code excludedGroups}. */
    String TAG = "long";
}
