package dev.ninepin.virtio.driver;

import dev.ninepin.p9.AttrMask;
import dev.ninepin.session.Session;
import dev.ninepin.session.SessionOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A benchmark of the ways to drive a guest's device ({@link GuestDevice}) that the arguments name. It measures the
 * round-trip time of a Tgetattr, and the CPU time of an idle session.
 */
public final class DriverFigures {
    private static final int ROUND_TRIPS = 4000;
    private static final int RUNS = 5;
    private static final int IDLE_SECONDS = 30;
    private static final int MSIZE = 131_096;
    private static final double NANOS_IN_MICRO = 1000;

    private DriverFigures() {}

    public static void main(final String... drivers) throws Exception {
        for (final String name : drivers) {
            measure(DriverKind.of(name).orElseThrow());
        }
    }

    private static void measure(final DriverKind kind) throws Exception {
        try (Session session = Session.connect(
                VirtioDevices.ofThisSystem().open(GuestDevice.name(), Optional.of(kind), MSIZE),
                SessionOptions.defaults(0))) {
            final int fid = session.fids().copy(session.fids().root());
            final double[] medians = new double[RUNS];
            final double[] tails = new double[RUNS];
            for (int run = 0; run < RUNS; run++) {
                final long[] nanos = new long[ROUND_TRIPS];
                for (int i = 0; i < ROUND_TRIPS; i++) {
                    final long start = System.nanoTime();
                    session.getattr(fid, AttrMask.BASIC).await();
                    nanos[i] = System.nanoTime() - start;
                }
                Arrays.sort(nanos);
                medians[run] = nanos[ROUND_TRIPS / 2] / NANOS_IN_MICRO;
                tails[run] = nanos[ROUND_TRIPS / 100 * 99] / NANOS_IN_MICRO;
            }
            final long before = processorTicks();
            TimeUnit.SECONDS.sleep(IDLE_SECONDS);
            final long idle = processorTicks() - before;
            session.fids().clunk(fid);
            System.out.println(session.channelInfo().details());
            System.out.printf(
                    "%s: Tgetattr median %s us, p99 %s us; idle: %d ticks of 10 ms in %d s%n",
                    kind.optionValue(), Arrays.toString(medians), Arrays.toString(tails), idle, IDLE_SECONDS);
        }
    }

    /** Returns the CPU time of this process, user and system, in clock ticks (proc(5), stat: fields 14 and 15). */
    private static long processorTicks() throws Exception {
        final String[] fields = Files.readString(Path.of("/proc/self/stat")).split(" ", -1);
        return Long.parseLong(fields[13]) + Long.parseLong(fields[14]);
    }
}
