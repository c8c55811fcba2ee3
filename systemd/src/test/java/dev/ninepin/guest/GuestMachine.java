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
 * The QEMU process that runs a guest. It ends with this one, however this one ends: the kernel kills it when the thread
 * ends that started it (prctl(2), PR_SET_PDEATHSIG), which therefore waits for it.
 */
final class GuestMachine implements AutoCloseable {
    /**
     * Software emulation in one thread. With a thread for each processor, one translates code while another patches it,
     * and may see half of the patch; a JVM, which patches the entries of its methods for as long as it runs, then dies of
     * a signal at one of them.
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
     * @param arguments QEMU's, all but the accelerator: that is software emulation, or what {@code NINEPIN_GUEST_ACCEL}
     *     says
     * @param errors the file for what QEMU says
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

    /** The process, whose standard input and output are the agent's port. */
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
     * Waits until the guest has powered the machine off.
     *
     * @throws IOException if it has not by then
     */
    void awaitEnd(final Duration limit) throws IOException, InterruptedException {
        if (!process().waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("the guest has not powered off in " + limit.toSeconds() + " s");
        }
    }

    /** Pulls the plug, and returns when the machine is gone. */
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
