// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.vfio4j.OpenOptions;
import org.vfio4j.ProcessOptions;
import org.vfio4j.spi.memory.Protection;
import org.vfio4j.uapi.Errno;

/**
 * What every backend that offers {@code /dev/iommu} must do. Extend it and name the backend and a device with DMA of its own; a
 * class as short as the one {@link ContainerBackendContract} shows.
 */
public abstract class IommufdBackendContract extends BackendContract {
    private static final int READ_WRITE = Protection.READ | Protection.WRITE;
    private static final int ORDINARY_USER = 1000;
    private static final long LIMIT = 16 * 4096;
    private static final long BEYOND_LIMIT = 64 * 65536;
    private static final int NO_SUCH_ID = 4711;

    /** For subclasses. */
    protected IommufdBackendContract() {}

    /** A device of another group; tests that need two are skipped without. */
    protected Optional<String> secondDevice() {
        return Optional.empty();
    }

    @Override
    protected OpenOptions openOptions() {
        return OpenOptions.cdev();
    }

    @Test
    void shouldBeListedAsIommufd() {
        assertThat(vfio().backends().stream().filter(view -> view.name().equals(backend())))
                .as("the backend among %s", vfio().backends())
                .singleElement()
                .satisfies(view ->
                        assertThat(view.iommufd()).as("offers /dev/iommu").isTrue());
    }

    @Test
    void shouldNameSpacesAndDestroyThem() {
        try (var iommufd = vfio().newIommufd()) {
            var first = iommufd.newIoas();
            var second = iommufd.newIoas();
            assertThat(iommufd.id(first)).as("object id").isPositive().isNotEqualTo(iommufd.id(second));
            int id = iommufd.id(first);
            iommufd.destroy(id);
            assertRefused("DESTROY of what is gone", Errno.ENOENT, () -> iommufd.destroy(id));
            assertRefused("DESTROY of what never was", Errno.ENOENT, () -> iommufd.destroy(NO_SUCH_ID));
        }
    }

    @Test
    void shouldHaveNoCompatSpaceBeforeAGroupNeedsOne() {
        try (var iommufd = vfio().newIommufd()) {
            assertRefused("use of the compat IOAS", Errno.ENODEV, iommufd::compatIoas);
            try (var group = vfio().openGroup(groupOf(device()))) {
                group.setContainer(iommufd);
                assertThat(iommufd.compatIoas().backend()).isEqualTo(backend());
            }
        }
    }

    @Test
    void shouldKeepWhatDevicesUse() {
        try (var iommufd = vfio().newIommufd();
                var file = vfio().openDeviceFile(device())) {
            file.bind(iommufd);
            assertThat(file.deviceId()).as("id of the device object").isPositive();
            var ioas = iommufd.newIoas();
            file.attach(ioas);
            assertRefused("DESTROY of a space in use", Errno.EBUSY, () -> iommufd.destroy(iommufd.id(ioas)));
            assertRefused(
                    "DESTROY of a bound device",
                    Set.of(Errno.EBUSY, Errno.ENOENT),
                    () -> iommufd.destroy(file.deviceId()));
            file.detach();
            file.detach();
            iommufd.destroy(iommufd.id(ioas));
        }
    }

    @Test
    void shouldBlockABoundDeviceUntilItIsAttachedAndAfterwards() throws InterruptedException {
        try (var buffer = vfio().allocate(65536);
                var iommufd = vfio().newIommufd();
                var file = vfio().openDeviceFile(device());
                var device = file.bind(iommufd);
                var mover = DataMover.of(vfio(), device)) {
            var ioas = iommufd.newIoas();
            long iova = 1 << 20;
            ioas.map(iova, buffer, 0, 65536, READ_WRITE);
            mover.assertRefused(iova, 64, buffer.segment());
            file.attach(ioas);
            mover.assertCopies(
                    iova,
                    buffer.segment().asSlice(0, 64),
                    iova + 64,
                    buffer.segment().asSlice(64, 64));
            file.detach();
            mover.assertRefused(iova, 64, buffer.segment());
            ioas.unmap(iova, 65536);
        }
    }

    @Test
    void shouldReplaceASpaceByAnother() throws InterruptedException {
        try (var buffer = vfio().allocate(2 * 65536);
                var iommufd = vfio().newIommufd();
                var file = vfio().openDeviceFile(device());
                var device = file.bind(iommufd);
                var mover = DataMover.of(vfio(), device)) {
            var before = iommufd.newIoas();
            var after = iommufd.newIoas();
            long iova = 1 << 20;
            before.map(iova, buffer, 0, 65536, READ_WRITE);
            after.map(iova + 65536, buffer, 65536, 65536, READ_WRITE);
            file.attach(before);
            assertThat(mover.reads(iova, 64)).as("read through the first space").isTrue();
            file.attach(after);
            assertThat(mover.reads(iova + 65536, 64))
                    .as("read through the second space")
                    .isTrue();
            mover.assertRefused(iova, 64, buffer.segment().asSlice(0, 4096));
            iommufd.destroy(iommufd.id(before));
            assertRefused("DESTROY of the space in use", Errno.EBUSY, () -> iommufd.destroy(iommufd.id(after)));
        }
    }

    @Test
    void shouldRefuseASecondBindAndServeItLater() {
        try (var iommufd = vfio().newIommufd();
                var second = vfio().openDeviceFile(device())) {
            try (var first = vfio().openDeviceFile(device())) {
                first.bind(iommufd);
                assertRefused("BIND of a bound device", Errno.EINVAL, () -> second.bind(iommufd));
                assertRefused("BIND of a bound file", Errno.EINVAL, () -> first.bind(iommufd));
            }
            assertThat(second.bind(iommufd).name()).isEqualTo(device());
        }
    }

    @Test
    void shouldKeepDevicesWorkingAfterItsOwnDescriptorIsClosed() throws InterruptedException {
        try (var buffer = vfio().allocate(65536);
                var file = vfio().openDeviceFile(device())) {
            var iommufd = vfio().newIommufd();
            var device = file.bind(iommufd);
            var ioas = iommufd.newIoas();
            file.attach(ioas);
            long iova = 1 << 20;
            ioas.map(iova, buffer, 0, 65536, READ_WRITE);
            iommufd.close();
            try (var mover = DataMover.of(vfio(), device)) {
                mover.assertCopies(
                        iova,
                        buffer.segment().asSlice(0, 64),
                        iova + 64,
                        buffer.segment().asSlice(64, 64));
            }
        }
    }

    @Test
    void shouldLetDevicesShareASpace() throws InterruptedException {
        var name = secondDevice();
        Assumptions.assumeTrue(name.isPresent(), "no second device is named");
        try (var buffer = vfio().allocate(65536);
                var iommufd = vfio().newIommufd();
                var file = vfio().openDeviceFile(device());
                var other = vfio().openDeviceFile(name.orElseThrow());
                var device = file.bind(iommufd);
                var late = other.bind(iommufd)) {
            var ioas = iommufd.newIoas();
            file.attach(ioas);
            long iova = 1 << 20;
            try (var mapping = ioas.map(iova, buffer, 0, 65536, READ_WRITE)) {
                other.attach(ioas);
                try (var first = DataMover.of(vfio(), device);
                        var second = DataMover.of(vfio(), late)) {
                    var from = buffer.segment().asSlice(0, 64);
                    var to = buffer.segment().asSlice(64, 64);
                    first.assertCopies(mapping.iova(), from, mapping.iova() + 64, to);
                    second.assertCopies(mapping.iova(), from, mapping.iova() + 64, to);
                }
            }
        }
    }

    @Test
    void shouldStandInForAContainer() throws InterruptedException {
        try (var buffer = vfio().allocate(65536);
                var device = vfio().open(device(), OpenOptions.groupIommufd());
                var mover = DataMover.of(vfio(), device)) {
            long iova = mover.iova(device.dma(), 65536);
            try (var mapping = device.dma().map(iova, buffer, 0, 65536, READ_WRITE)) {
                mover.assertCopies(
                        mapping.iova(),
                        buffer.segment().asSlice(0, 64),
                        iova + 64,
                        buffer.segment().asSlice(64, 64));
            }
            mover.assertRefused(iova, 64, buffer.segment());
        }
    }

    @Test
    void shouldChargeAUsersLockedMemory() {
        try (var process = vfio().newProcess(ProcessOptions.user(ORDINARY_USER, LIMIT))) {
            var raw = new RawCalls(process);
            int iommufd = raw.open("/dev/iommu");
            int file = raw.open(
                    "/dev/vfio/devices/vfio" + vfio().device(device()).index().orElseThrow());
            raw.bind(file, iommufd);
            int ioas = raw.newIoas(iommufd);
            raw.attach(file, ioas);
            var memory = process.allocate(BEYOND_LIMIT);
            assertRefused(
                    "IOAS_MAP beyond RLIMIT_MEMLOCK",
                    Errno.ENOMEM,
                    () -> raw.mapIoas(iommufd, ioas, memory.address(), 1 << 20, BEYOND_LIMIT));
            assertThat(vfio().pinnedPages())
                    .as("pages pinned after the refusal")
                    .isZero();
            raw.mapIoas(iommufd, ioas, memory.address(), 1 << 20, LIMIT);
            assertThat(vfio().pinnedPages()).as("pages pinned within the limit").isPositive();
        }
        assertThat(vfio().pinnedPages())
                .as("pages pinned after the program ended")
                .isZero();
    }
}
