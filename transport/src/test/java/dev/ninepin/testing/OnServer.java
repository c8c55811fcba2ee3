package dev.ninepin.testing;

import dev.ninepin.session.SessionOptions;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** An annotation that chooses the server of a {@link SessionFixture}. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
public @interface OnServer {
    ServerKind value();

    /** Returns the largest message of the sessions, in bytes. */
    int msize() default SessionOptions.DEFAULT_MSIZE;
}
