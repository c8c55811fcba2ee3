package dev.ninepin.p9;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/**
 * A generator of arbitrary messages, built from the components of their records. It covers a new message without a
 * change in this class. It fails for a component of an unknown type.
 */
final class Messages {
    private Messages() {}

    static Arbitrary<Message> any() {
        return Arbitraries.of(MessageType.values()).flatMap(Messages::of);
    }

    static Arbitrary<Message> of(final MessageType type) {
        final RecordComponent[] components = type.record().getRecordComponents();
        final List<Arbitrary<Object>> values = new ArrayList<>();
        for (int i = 0; i < components.length; i++) {
            values.add(value(type, i, components[i].getGenericType()).asGeneric());
        }
        return Combinators.combine(values).as(arguments -> build(type, arguments.toArray()));
    }

    /** Returns the empty message of a type: all numbers are zero, and all variable-length fields are empty. */
    static Message empty(final MessageType type) {
        return build(type, emptyArguments(type));
    }

    /** Returns a constant example of a message type, with a value in each component. */
    static Message example(final MessageType type) {
        final Object[] arguments = Arrays.stream(type.record().getRecordComponents())
                .map(component -> switch (component.getGenericType().getTypeName()) {
                    case "int" -> (Object) (type.code() + 3);
                    case "long" -> 0x7766554433221100L;
                    case "dev.ninepin.p9.ByteString" -> ByteString.of("a name");
                    case "dev.ninepin.p9.Qid" -> new Qid(Qid.DIR, 5, 0x1122334455L);
                    case "java.nio.ByteBuffer" -> ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5});
                    case "java.util.List<dev.ninepin.p9.ByteString>" ->
                        List.of(ByteString.of("a"), ByteString.of("bc"));
                    case "java.util.List<dev.ninepin.p9.Qid>" -> List.of(new Qid(Qid.DIR, 0, 1), new Qid(0, 2, 3));
                    default -> throw new AssertionError("no example known for " + component + " of " + type);
                })
                .toArray();
        return build(type, arguments);
    }

    private static Arbitrary<?> value(final MessageType type, final int index, final Type component) {
        return switch (component.getTypeName()) {
            case "int" -> ints(mask(type, index));
            case "long" -> Arbitraries.longs();
            case "dev.ninepin.p9.ByteString" -> strings();
            case "dev.ninepin.p9.Qid" -> qids();
            case "java.nio.ByteBuffer" -> data();
            case "java.util.List<dev.ninepin.p9.ByteString>" -> strings().list().ofMaxSize(Twalk.MAX_NAMES);
            case "java.util.List<dev.ninepin.p9.Qid>" -> qids().list().ofMaxSize(Twalk.MAX_NAMES);
            default -> throw new AssertionError("no values known for " + component + " of " + type);
        };
    }

    /** Returns the bits that a component has on the wire, found by trial: the message rejects a wider value. */
    private static int mask(final MessageType type, final int index) {
        for (final int mask : List.of(-1, 0xffff, 0xff)) {
            final Object[] arguments = emptyArguments(type);
            arguments[index] = mask;
            final Message message = build(type, arguments);
            try {
                if (Frame.sizeOf(message) > 0) {
                    return mask;
                }
            } catch (final IllegalArgumentException tooWide) {
                // Rejected: try a narrower mask.
            }
        }
        throw new AssertionError("component " + index + " of " + type + " has no width");
    }

    private static Arbitrary<Integer> ints(final int mask) {
        return Arbitraries.integers().map(value -> value & mask);
    }

    private static Arbitrary<ByteString> strings() {
        return Arbitraries.bytes().array(byte[].class).ofMaxSize(40).map(ByteString::copyOf);
    }

    private static Arbitrary<Qid> qids() {
        return Combinators.combine(ints(0xff), Arbitraries.integers(), Arbitraries.longs())
                .as(Qid::new);
    }

    private static Arbitrary<ByteBuffer> data() {
        return Arbitraries.bytes().array(byte[].class).ofMaxSize(200).map(ByteBuffer::wrap);
    }

    private static Object[] emptyArguments(final MessageType type) {
        return Arrays.stream(type.record().getRecordComponents())
                .map(component -> switch (component.getType().getSimpleName()) {
                    case "int" -> (Object) 0;
                    case "long" -> 0L;
                    case "ByteString" -> ByteString.EMPTY;
                    case "Qid" -> new Qid(0, 0, 0);
                    case "ByteBuffer" -> ByteBuffer.allocate(0);
                    case "List" -> List.of();
                    default -> throw new AssertionError("no empty value known for " + component + " of " + type);
                })
                .toArray();
    }

    private static Message build(final MessageType type, final Object[] arguments) {
        try {
            final Constructor<?> constructor = type.record()
                    .getDeclaredConstructor(Arrays.stream(type.record().getRecordComponents())
                            .map(RecordComponent::getType)
                            .toArray(Class<?>[]::new));
            return (Message) constructor.newInstance(arguments);
        } catch (final ReflectiveOperationException e) {
            throw new LinkageError(type + " cannot be built", e);
        }
    }
}
