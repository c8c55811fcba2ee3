package dev.ninepin.handover;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.ninepin.p9.ByteString;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A converter between records and bytes. The bytes are the components in their order, without names. Numbers are
 * big-endian; strings and lists begin with their length. A component is a {@code long}, {@code int}, {@code boolean},
 * {@link String}, {@link ByteString}, enum or record, or an optional value or list of these. Any thread may call any
 * method.
 *
 * @param <T> the record
 */
public final class RecordCodec<T extends Record> {
    private final Class<T> type;
    private final Part part;

    private RecordCodec(final Class<T> type) {
        this.type = type;
        this.part = partOf(type);
    }

    /** A converter of values of one type. */
    private interface Part {
        void write(Object value, DataOutputStream out) throws IOException;

        Object read(DataInputStream in) throws IOException;

        /** Returns the type for {@link #describe}. */
        String name();
    }

    /**
     * Returns the converter of a record.
     *
     * @throws IllegalArgumentException if a component has a type that is not supported
     */
    public static <T extends Record> RecordCodec<T> of(final Class<T> type) {
        return new RecordCodec<>(type);
    }

    /** Returns a description of the format, which differs for each format. */
    public String describe() {
        return part.name();
    }

    /** Writes a record. */
    public void write(final T value, final DataOutputStream out) throws IOException {
        part.write(value, out);
    }

    /**
     * Reads a record.
     *
     * @throws InvalidStateException if the bytes are not a record of this type
     */
    public T read(final DataInputStream in) throws IOException {
        try {
            return type.cast(part.read(in));
        } catch (final EOFException e) {
            throw (IOException) new InvalidStateException("the state is incomplete").initCause(e);
        }
    }

    private static Part partOf(final Type type) {
        if (type instanceof ParameterizedType generic) {
            final Part element = partOf(generic.getActualTypeArguments()[0]);
            if (generic.getRawType() == Optional.class) {
                return new OptionalPart(element);
            } else if (generic.getRawType() == List.class) {
                return new ListPart(element);
            }
        } else if (type instanceof Class<?> plain) {
            if (plain.isRecord()) {
                return RecordPart.of(plain);
            } else if (plain.isEnum()) {
                return new EnumPart(List.of(plain.getEnumConstants()));
            }
            return simplePartOf(plain);
        }
        throw new IllegalArgumentException("a state cannot contain a " + type);
    }

    /** A value without parts. */
    private record SimplePart(String name, Writer writer, Reader reader) implements Part {
        interface Writer {
            void write(Object value, DataOutputStream out) throws IOException;
        }

        interface Reader {
            Object read(DataInputStream in) throws IOException;
        }

        @Override
        public void write(final Object value, final DataOutputStream out) throws IOException {
            writer.write(value, out);
        }

        @Override
        public Object read(final DataInputStream in) throws IOException {
            return reader.read(in);
        }
    }

    private static Part simplePartOf(final Class<?> type) {
        if (type == long.class || type == Long.class) {
            return new SimplePart("long", (value, out) -> out.writeLong((long) value), DataInputStream::readLong);
        } else if (type == int.class) {
            return new SimplePart("int", (value, out) -> out.writeInt((int) value), DataInputStream::readInt);
        } else if (type == boolean.class) {
            return new SimplePart("boolean", (value, out) -> out.writeBoolean((boolean) value), RecordCodec::readBit);
        } else if (type == String.class) {
            return new SimplePart(
                    "string",
                    (value, out) -> {
                        final byte[] bytes = ((String) value).getBytes(UTF_8);
                        out.writeInt(bytes.length);
                        out.write(bytes);
                    },
                    in -> new String(readBytes(in, in.readInt()), UTF_8));
        } else if (type == ByteString.class) {
            return new SimplePart(
                    "bytes",
                    (value, out) -> {
                        final byte[] bytes = ((ByteString) value).toBytes();
                        out.writeShort(bytes.length);
                        out.write(bytes);
                    },
                    in -> ByteString.copyOf(readBytes(in, in.readUnsignedShort())));
        }
        throw new IllegalArgumentException("a state cannot contain a " + type);
    }

    private static byte[] readBytes(final DataInputStream in, final int count) throws IOException {
        if (count < 0) {
            throw new InvalidStateException("the state has a string of a negative length");
        }
        final byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException();
        }
        return bytes;
    }

    private static boolean readBit(final DataInputStream in) throws IOException {
        final int value = in.readUnsignedByte();
        if (value > 1) {
            throw new InvalidStateException("the state has neither yes nor no but " + value);
        }
        return value == 1;
    }

    private record OptionalPart(Part element) implements Part {
        @Override
        public void write(final Object value, final DataOutputStream out) throws IOException {
            final Optional<?> optional = (Optional<?>) value;
            out.writeBoolean(optional.isPresent());
            if (optional.isPresent()) {
                element.write(optional.get(), out);
            }
        }

        @Override
        public Object read(final DataInputStream in) throws IOException {
            return readBit(in) ? Optional.of(element.read(in)) : Optional.empty();
        }

        @Override
        public String name() {
            return element.name() + "?";
        }
    }

    private record ListPart(Part element) implements Part {
        @Override
        public void write(final Object value, final DataOutputStream out) throws IOException {
            final List<?> list = (List<?>) value;
            out.writeInt(list.size());
            for (final Object each : list) {
                element.write(each, out);
            }
        }

        @Override
        public Object read(final DataInputStream in) throws IOException {
            final int count = in.readInt();
            if (count < 0) {
                throw new InvalidStateException("the state has a list of a negative length");
            }
            // Grows with each element that is read, so that a damaged length does not exhaust the memory.
            final List<Object> list = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                list.add(element.read(in));
            }
            return list;
        }

        @Override
        public String name() {
            return element.name() + "*";
        }
    }

    private record EnumPart(List<?> constants) implements Part {
        @Override
        public void write(final Object value, final DataOutputStream out) throws IOException {
            out.writeByte(constants.indexOf(value));
        }

        @Override
        public Object read(final DataInputStream in) throws IOException {
            final int index = in.readUnsignedByte();
            if (index >= constants.size()) {
                throw new InvalidStateException("the state has the unknown value " + index);
            }
            return constants.get(index);
        }

        @Override
        public String name() {
            return constants.stream().map(Object::toString).collect(Collectors.joining("|"));
        }
    }

    private record RecordPart(
            String type, List<RecordComponent> components, List<Part> parts, Constructor<?> constructor)
            implements Part {
        static RecordPart of(final Class<?> type) {
            final List<RecordComponent> components = List.of(type.getRecordComponents());
            try {
                return new RecordPart(
                        type.getSimpleName(),
                        components,
                        components.stream()
                                .map(each -> partOf(each.getGenericType()))
                                .toList(),
                        type.getConstructor(Arrays.stream(type.getRecordComponents())
                                .map(RecordComponent::getType)
                                .toArray(Class<?>[]::new)));
            } catch (final NoSuchMethodException e) {
                throw new IllegalArgumentException(type + " is not public", e);
            }
        }

        @Override
        public void write(final Object value, final DataOutputStream out) throws IOException {
            for (int i = 0; i < parts.size(); i++) {
                try {
                    parts.get(i).write(components.get(i).getAccessor().invoke(value), out);
                } catch (final ReflectiveOperationException e) {
                    throw new IllegalStateException("a public record has public accessors", e);
                }
            }
        }

        @Override
        public Object read(final DataInputStream in) throws IOException {
            final Object[] values = new Object[parts.size()];
            for (int i = 0; i < values.length; i++) {
                values[i] = parts.get(i).read(in);
            }
            try {
                return constructor.newInstance(values);
            } catch (final ReflectiveOperationException e) {
                throw (IOException) new InvalidStateException("the state has no valid " + type).initCause(e);
            }
        }

        @Override
        public String name() {
            return type
                    + Stream.iterate(0, i -> i < parts.size(), i -> i + 1)
                            .map(i -> components.get(i).getName() + ":"
                                    + parts.get(i).name())
                            .collect(Collectors.joining(" ", "(", ")"));
        }
    }
}
