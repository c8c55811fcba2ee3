package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The QEMU process that runs a guest. It never outlives the test process: the kernel kills it when the thread that
 * started it ends (prctl(2), PR_SET_PDEATHSIG). Therefore that thread waits for QEMU.
 */
final class GuestMachine implements AutoCloseable {
    /**
     * Software emulation in one thread. With one thread per processor, a thread may translate code while another
     * patches it, and may see half of the patch. A JVM patches its methods' entry points as long as it runs, and would
     * crash there with a signal.
     */
    private static final String ONE_THREAD = "tcg,thread=single";

    private final CompletableFuture<Process> started = new CompletableFuture<>();
    private final Thread owner;

    private GuestMachine(final List<String> command, final Path errors) {
        owner = new Thread(() -> run(command, errors), "ninepin-guest");
        owner.setDaemon(true);
    }

    /**
     * Powers a machine on.
     *
     * @param arguments the arguments of QEMU, except for the accelerator. The accelerator is software emulation, unless
     *     the variable {@code NINEPIN_GUEST_ACCEL} names another
     * @param errors the file for QEMU's standard error
     */
    static GuestMachine start(final List<String> arguments, final Path errors) {
        final String accelerator = System.getenv().getOrDefault("NINEPIN_GUEST_ACCEL", ONE_THREAD);
        final List<String> command = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--"));
        command.addAll(List.of("qemu-system-x86_64", "-accel", accelerator));
        command.addAll(arguments);
        final GuestMachine machine = new GuestMachine(command, errors);
        machine.owner.start();
        return machine;
    }

    /** Returns the QEMU process, whose standard input and output are the agent's port. */
    Process process() throws IOException {
        try {
            return started.get();
        } catch (final ExecutionException e) {
            throw new IOException("QEMU can't be started: " + e.getCause().getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while QEMU was started", e);
        }
    }

    /**
     * Blocks until the guest has powered the machine off.
     *
     * @throws IOException if the machine still runs after {@code limit}
     */
    void awaitEnd(final Duration limit) throws IOException, InterruptedException {
        if (!process().waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("the guest has not powered off in " + limit.toSeconds() + " s");
        }
    }

    /** Kills the machine and blocks until it is gone. */
    @Override
    public void close() throws InterruptedException {
        final CompletableFuture<Process> unused = started.thenApply(Process::destroyForcibly);
        owner.join();
    }

    private void run(final List<String> command, final Path errors) {
        try {
            final Process process =
                    new ProcessBuilder(command).redirectError(errors.toFile()).start();
            started.complete(process);
            final int unused = process.waitFor();
        } catch (final IOException e) {
            started.completeExceptionally(e);
        } catch (final InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }
}
