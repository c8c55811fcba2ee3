package dev.ninepin.handover;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * A file with a record, in which a program passes its state on to the next program.
 *
 * <pre>magic[8] version[4] length[8] checksum[4] record[length]</pre>
 *
 * <p>Numbers are big-endian. The checksum is the CRC-32C of the record.
 *
 * @param <T> the record
 */
public final class StateFile<T extends Record> {
    private static final long MAGIC = 0x4e49_4e45_5049_4e0aL;
    private static final int HEADER = 24;

    private final RecordCodec<T> codec;
    private final int version;

    /**
     * @param type the record
     * @param version the version of the format, for both writing and reading
     */
    public StateFile(final Class<T> type, final int version) {
        this.codec = RecordCodec.of(type);
        this.version = version;
    }

    /** Writes a state to an existing, empty file. */
    public void write(final Path file, final T state) throws IOException {
        try (RandomAccessFile target = new RandomAccessFile(file.toFile(), "rw")) {
            target.seek(HEADER);
            final CRC32C checksum = new CRC32C();
            // Closing the stream would close the file.
            final OutputStream plain = new FileOutputStream(target.getFD());
            final DataOutputStream out =
                    new DataOutputStream(new CheckedOutputStream(new BufferedOutputStream(plain), checksum));
            codec.write(state, out);
            out.flush();
            final long length = target.getFilePointer() - HEADER;
            target.seek(0);
            target.writeLong(MAGIC);
            target.writeInt(version);
            target.writeLong(length);
            target.writeInt((int) checksum.getValue());
        }
    }

    /**
     * Reads a state.
     *
     * @throws InvalidStateException if the file is incomplete, damaged, or in another version
     */
    public T read(final Path file) throws IOException {
        try (RandomAccessFile source = new RandomAccessFile(file.toFile(), "r")) {
            if (source.length() < HEADER || source.readLong() != MAGIC) {
                throw new InvalidStateException("the file has no state of ninepin");
            }
            final int found = source.readInt();
            if (found != version) {
                throw new InvalidStateException(
                        "the state has version " + found + ", but this program reads version " + version);
            }
            final long length = source.readLong();
            if (length != source.length() - HEADER) {
                throw new InvalidStateException(
                        "the state has " + (source.length() - HEADER) + " bytes, not " + length);
            }
            final int expected = source.readInt();
            final CRC32C checksum = new CRC32C();
            try (DataInputStream in = new DataInputStream(
                    new CheckedInputStream(new BufferedInputStream(new FileInputStream(source.getFD())), checksum))) {
                final T state = codec.read(in);
                if (in.read() >= 0) {
                    throw new InvalidStateException("the state is followed by other bytes");
                }
                if ((int) checksum.getValue() != expected) {
                    throw new InvalidStateException("the state is damaged: its checksum is wrong");
                }
                return state;
            }
        }
    }
}
