// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.user;

import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import org.vfio4j.ProcessOptions;
import org.vfio4j.core.memory.JvmAddressSpace;
import org.vfio4j.core.process.OptionsCaller;
import org.vfio4j.core.registry.ChosenSettings;
import org.vfio4j.core.registry.Settings;
import org.vfio4j.spi.call.FdTable;
import org.vfio4j.spi.call.FileReference;
import org.vfio4j.spi.call.UapiFile;
import org.vfio4j.spi.memory.PhysicalMemory;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/**
 * This program as the caller of typed operations: its buffers are its memory, and it has no descriptors. It is root unless the
 * settings {@code core.uid} and {@code core.memlock_limit} (bytes) say otherwise.
 */
@Singleton
final class ProgramCaller implements OptionsCaller, AutoCloseable {
    private final JvmAddressSpace memory;
    private final ProcessOptions options;
    private final FdTable files = new NoFiles();

    @Inject
    ProgramCaller(PhysicalMemory physical, Settings settings) {
        memory = new JvmAddressSpace(physical);
        int uid = Integer.parseUnsignedInt(
                settings.option(ChosenSettings.CORE, ChosenSettings.UID.name()).orElse(ChosenSettings.UID.initial()));
        long limit = Long.parseLong(settings.option(ChosenSettings.CORE, ChosenSettings.MEMLOCK_LIMIT.name())
                .orElse(ChosenSettings.MEMLOCK_LIMIT.initial()));
        options = uid == 0 ? ProcessOptions.root() : ProcessOptions.user(uid, limit);
    }

    @Override
    public JvmAddressSpace memory() {
        return memory;
    }

    @Override
    public FdTable files() {
        return files;
    }

    @Override
    public ProcessOptions options() {
        return options;
    }

    @Override
    public void close() {
        memory.close();
    }

    /** Typed operations pass objects, never descriptors. */
    private static final class NoFiles implements FdTable {
        @Override
        public FileReference get(int fd) {
            throw new VfioException(Errno.EBADF, "descriptor " + fd + " is not open");
        }

        @Override
        public int reserve() {
            throw new VfioException(Errno.EMFILE, "this caller has no descriptors");
        }

        @Override
        public void install(int fd, UapiFile file) {
            throw new IllegalStateException("descriptor " + fd + " was not reserved");
        }

        @Override
        public void cancel(int fd) {
            throw new IllegalStateException("descriptor " + fd + " was not reserved");
        }
    }
}
