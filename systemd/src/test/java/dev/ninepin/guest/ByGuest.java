package dev.ninepin.guest;

import java.util.Comparator;
import org.junit.jupiter.api.ClassDescriptor;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;
import org.junit.jupiter.api.Order;

/**
 * An order of test classes by the guest that they need. Classes without a guest come first. The classes of a guest are
 * sorted by {@link Order}, and then by name.
 */
public final class ByGuest implements ClassOrderer {
    @Override
    public void orderClasses(final ClassOrdererContext context) {
        context.getClassDescriptors()
                .sort(Comparator.comparing(ByGuest::guest, Comparator.nullsFirst(Comparator.naturalOrder()))
                        .thenComparing(descriptor -> descriptor
                                .findAnnotation(Order.class)
                                .map(Order::value)
                                .orElse(0))
                        .thenComparing(descriptor -> descriptor.getTestClass().getName()));
    }

    /** Returns the kind of guest that the class needs; null if none. */
    private static GuestKind guest(final ClassDescriptor descriptor) {
        final InGuest guest = descriptor.getTestClass().getAnnotation(InGuest.class);
        return guest == null ? null : guest.value();
    }
}
