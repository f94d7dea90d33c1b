// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core.race;

import java.util.Optional;
import org.vfio4j.spi.call.Caller;
import org.vfio4j.spi.iommu.BackendEnvironment;
import org.vfio4j.spi.iommu.IommuBackendProvider;
import org.vfio4j.spi.iommu.IommufdContext;
import org.vfio4j.spi.iommu.IommufdDriver;
import org.vfio4j.spi.iommu.IommufdFile;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;
import org.vfio4j.uapi.VfioIoctl;

/** The iommufd of {@link WatchedContext}s. */
record WatchedIommufd(Books books) implements IommuBackendProvider {
    /** Makes an IOAS; the result is its id. */
    static final int ALLOCATE = 0x6001;

    /** Destroys the object whose id is the argument. */
    static final int DESTROY = 0x6002;

    /** Maps a page of the IOAS whose id is in the argument's upper half. */
    static final int MAP = 0x6003;

    /** Unmaps likewise. */
    static final int UNMAP = 0x6004;

    @Override
    public String name() {
        return "watched-iommufd";
    }

    @Override
    public String description() {
        return "watches the core";
    }

    @Override
    public int priority() {
        return 1;
    }

    @Override
    public Optional<IommufdDriver> iommufdDriver(BackendEnvironment environment) {
        return Optional.of(() -> new File(new WatchedContext(books)));
    }

    private record File(WatchedContext watched) implements IommufdFile {
        @Override
        public IommufdContext context() {
            return watched;
        }

        @Override
        public long ioctl(Caller caller, int command, long argument) {
            int id = (int) (argument >>> 32);
            long iova = argument & 0xffff_ffffL;
            switch (command) {
                case ALLOCATE -> {
                    return watched.allocateIoas();
                }
                case DESTROY -> watched.destroy((int) argument);
                case MAP -> watched.space(id).map(iova);
                case UNMAP -> watched.space(id).unmap(iova);
                // As a container: its compat IOAS.
                case VfioIoctl.VFIO_IOMMU_MAP_DMA ->
                    watched.space(watched.compatIoas()).map(argument);
                case VfioIoctl.VFIO_IOMMU_UNMAP_DMA ->
                    watched.space(watched.compatIoas()).unmap(argument);
                default -> throw new VfioException(Errno.ENOTTY, "no such ioctl");
            }
            return 0;
        }

        @Override
        public void close() {
            watched.release();
        }
    }
}
