package dev.ninepin.guest;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The process that runs a guest: QEMU, or Linux itself. It ends with this one, however this one ends: the kernel kills it
 * when the thread ends that started it (prctl(2), PR_SET_PDEATHSIG), which therefore waits for it.
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

    private GuestMachine(final ProcessBuilder builder) {
        owner = new Thread(() -> run(builder), "ninepin-guest");
        owner.setDaemon(true);
    }

    /**
     * Starts QEMU.
     *
     * @param arguments of QEMU, all but the accelerator: that is software emulation, or what {@code NINEPIN_GUEST_ACCEL}
     *     says
     * @param errors the file for what QEMU says
     */
    static GuestMachine qemu(final List<String> arguments, final Path errors) {
        final List<String> command = new ArrayList<>(List.of("qemu-system-x86_64", "-accel"));
        command.add(System.getenv().getOrDefault("NINEPIN_GUEST_ACCEL", ONE_THREAD));
        command.addAll(arguments);
        return start(command, Map.of(), ProcessBuilder.Redirect.to(errors.toFile()));
    }

    /**
     * Starts {@code command}.
     *
     * @param environment what is added to the environment of this process
     */
    static GuestMachine start(
            final List<String> command, final Map<String, String> environment, final ProcessBuilder.Redirect errors) {
        final List<String> whole = new ArrayList<>(List.of("setpriv", "--pdeathsig", "KILL", "--"));
        whole.addAll(command);
        final ProcessBuilder builder = new ProcessBuilder(whole).redirectError(errors);
        builder.environment().putAll(environment);
        final GuestMachine machine = new GuestMachine(builder);
        machine.owner.start();
        return machine;
    }

    /** The process, whose standard input and output are the agent's port. */
    Process process() throws IOException {
        try {
            return started.get();
        } catch (final ExecutionException e) {
            throw new IOException(
                    "the guest's machine can't be started: " + e.getCause().getMessage(), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the guest's machine was started", e);
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

    private void run(final ProcessBuilder builder) {
        try {
            final Process process = builder.start();
            started.complete(process);
            final int unused = process.waitFor();
        } catch (final IOException e) {
            started.completeExceptionally(e);
        } catch (final InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        }
    }
}
