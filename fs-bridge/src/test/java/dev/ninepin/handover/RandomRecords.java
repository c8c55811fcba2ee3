package dev.ninepin.handover;

import dev.ninepin.p9.ByteString;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * A source of records with random components, including the least and largest numbers, empty lists, and names of any
 * bytes.
 */
final class RandomRecords {
    private static final int MOST_ELEMENTS = 4;

    private final Random random;

    RandomRecords(final long seed) {
        this.random = new Random(seed);
    }

    <T extends Record> T of(final Class<T> type) throws ReflectiveOperationException {
        return type.cast(value(type));
    }

    private Object value(final Type type) throws ReflectiveOperationException {
        if (type instanceof ParameterizedType generic) {
            final Type element = generic.getActualTypeArguments()[0];
            if (generic.getRawType() == Optional.class) {
                return random.nextBoolean() ? Optional.of(value(element)) : Optional.empty();
            }
            final List<Object> list = new ArrayList<>();
            for (int count = random.nextInt(MOST_ELEMENTS); count > 0; count--) {
                list.add(value(element));
            }
            return list;
        }
        final Class<?> plain = (Class<?>) type;
        if (plain == long.class || plain == Long.class) {
            return number();
        } else if (plain == int.class) {
            return (int) number();
        } else if (plain == boolean.class) {
            return random.nextBoolean();
        } else if (plain == String.class) {
            return List.of("", "plain", "größer \u0000 \ud83d\ude00").get(random.nextInt(3));
        } else if (plain == ByteString.class) {
            final byte[] bytes = new byte[random.nextInt(20)];
            random.nextBytes(bytes);
            return ByteString.copyOf(bytes);
        } else if (plain.isEnum()) {
            return plain.getEnumConstants()[random.nextInt(plain.getEnumConstants().length)];
        }
        final List<Object> values = new ArrayList<>();
        for (final RecordComponent component : plain.getRecordComponents()) {
            values.add(value(component.getGenericType()));
        }
        return plain.getConstructor(Arrays.stream(plain.getRecordComponents())
                        .map(RecordComponent::getType)
                        .toArray(Class<?>[]::new))
                .newInstance(values.toArray());
    }

    private long number() {
        return switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> Long.MAX_VALUE;
            case 2 -> Long.MIN_VALUE;
            case 3 -> -1;
            default -> random.nextLong();
        };
    }
}
