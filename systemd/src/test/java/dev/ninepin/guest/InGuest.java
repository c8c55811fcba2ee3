package dev.ninepin.guest;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** An annotation for a class of tests in a guest. Test methods may have a parameter of type {@link Guest}. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(GuestExtension.class)
public @interface InGuest {
    GuestKind value();
}
