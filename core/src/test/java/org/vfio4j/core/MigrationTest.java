// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.RawCalls.refused;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.Device;
import org.vfio4j.Migration;
import org.vfio4j.MigrationState;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeDriver;
import org.vfio4j.core.fixture.FakeMigration;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.FakeSession;
import org.vfio4j.spi.device.DmaRange;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioMigration;
import org.vfio4j.uapi.struct.UapiLayouts;

/** Migration and DMA logging as programs in Java use them. */
class MigrationTest {
    private static final long PAGE = 4096;

    private final CoreWorld world = Worlds.start(machine -> {
        var source = machine.device("source", machine.group(1));
        source.migrationFlags = 7;
        source.logging = true;
        machine.device("target", machine.group(2)).migrationFlags = 1;
        machine.device("plain", machine.group(3));
    });
    private final FakeOps sourceOps = world.ops(world.machine.find("source"));
    private final FakeMigration source = sourceOps.migrationDriver();
    private final FakeMigration target = world.ops(world.machine.find("target")).migrationDriver();
    private final Device device = world.vfio().open("source");

    @AfterEach
    void close() {
        world.close();
        world.assertNothingHeld();
        assertThat(sourceOps.violations).isEmpty();
        assertThat(source.sessions()).as("data the core closed").allMatch(session -> session.closes() == 1);
    }

    private static Migration migrationOf(Device device) {
        return device.migration().orElseThrow();
    }

    @Test
    void shouldCarryTheStateToAnotherDevice() {
        byte[] state = new byte[FakeMigration.IMAGE];
        Arrays.fill(state, (byte) 77);
        source.image(state);
        var buffer = ByteBuffer.allocate(1000);
        var migration = migrationOf(device);
        assertThat(migration.flags()).isEqualTo(7);
        try (var saved = migration.move(MigrationState.PRE_COPY).orElseThrow()) {
            assertThat(saved.saving()).isTrue();
            assertThat(saved.read(buffer)).isEqualTo(FakeSession.PRECOPY);
            assertThat(saved.read(buffer)).as("nothing more for now").isZero();
            assertThat(migration.move(MigrationState.STOP_COPY))
                    .as("the session goes on")
                    .isEmpty();
            assertThat(saved.read(buffer)).isEqualTo(FakeMigration.IMAGE - FakeSession.PRECOPY);
            assertThat(saved.read(buffer)).as("the end").isEqualTo(-1);
        }
        buffer.flip();
        try (var other = world.vfio().open("target")) {
            var restoring = migrationOf(other);
            try (var data = restoring.move(MigrationState.RESUMING).orElseThrow()) {
                assertThat(data.write(buffer)).isEqualTo(FakeMigration.IMAGE);
                assertThat(buffer.hasRemaining()).isFalse();
                assertThat(restoring.move(MigrationState.RUNNING)).isEmpty();
                refused(Errno.ENODEV, () -> data.write(ByteBuffer.allocate(1)));
            }
            assertThat(restoring.state()).isEqualTo(MigrationState.RUNNING);
        }
        assertThat(target.image()).isEqualTo(state);
    }

    @Test
    void shouldRefuseWhatCannotBeReachedAndSayWhere() {
        var migration = migrationOf(device);
        assertThat(refused(Errno.EINVAL, () -> migration.move(MigrationState.ERROR)))
                .hasMessageContaining("RUNNING")
                .hasMessageContaining("ERROR");
        source.failArcTo(VfioMigration.VFIO_DEVICE_STATE_STOP);
        refused(Errno.EIO, () -> migration.move(MigrationState.STOP));
        assertThat(migration.state()).isEqualTo(MigrationState.ERROR);
        device.reset();
        assertThat(migration.state()).isEqualTo(MigrationState.RUNNING);
        assertThat(migration.dataSize()).isEqualTo(FakeMigration.IMAGE);
    }

    @Test
    void shouldShowPrecopyFlagsToThoseThatAskedForThem() {
        var migration = migrationOf(device);
        source.reinitialise();
        try (var data = migration.move(MigrationState.PRE_COPY).orElseThrow()) {
            assertThat(data.precopyInfo().flags()).isZero();
            assertThat(data.precopyInfo().initialBytes()).isEqualTo(FakeSession.PRECOPY);
            migration.enablePrecopyFlags();
            assertThat(data.precopyInfo().flags()).isEqualTo(VfioMigration.VFIO_PRECOPY_INFO_REINIT);
        }
        try (var other = world.vfio().open("target")) {
            refused(Errno.EINVAL, migrationOf(other)::enablePrecopyFlags);
        }
    }

    @Test
    void shouldEndDataAndMigrationWithTheDevice() {
        var migration = migrationOf(device);
        var data = migration.move(MigrationState.STOP_COPY).orElseThrow();
        device.close();
        refused(Errno.ENODEV, () -> data.read(ByteBuffer.allocate(1)));
        refused(Errno.EBADF, migration::state);
        data.close();
        data.close();
        assertThat(data.isOpen()).isFalse();
        refused(Errno.EBADF, () -> data.read(ByteBuffer.allocate(1)));
    }

    @Test
    void shouldCloseDataThatTheProgramForgot() {
        assertThat(migrationOf(device).move(MigrationState.STOP_COPY)).isPresent();
        world.close();
        assertThat(source.sessions().getFirst().closes()).isEqualTo(1);
    }

    @Test
    void shouldReportPagesTheDeviceWrote() {
        var logging = device.dmaLogging().orElseThrow();
        var log = sourceOps.dmaLog();
        var bitmap = MemorySegment.ofArray(new byte[16]);
        var all = new DmaRange(0, 128 * PAGE);
        refused(Errno.EINVAL, () -> logging.report(all, PAGE, bitmap));
        refused(Errno.EINVAL, () -> logging.start(PAGE, List.of()));
        refused(Errno.EINVAL, () -> logging.start(PAGE, List.of(all, new DmaRange(PAGE, PAGE))));
        assertThat(logging.start(PAGE, List.of(new DmaRange(1L << 30, PAGE), all)))
                .isEqualTo(PAGE);
        assertThat(log.ranges()).containsExactly(all, new DmaRange(1L << 30, PAGE));
        log.write(65 * PAGE, 1);
        refused(Errno.EFAULT, () -> logging.report(all, PAGE, bitmap.asSlice(0, 8)));
        bitmap.set(UapiLayouts.U64, 8, 1L << 63);
        logging.report(all, PAGE, bitmap);
        assertThat(bitmap.get(UapiLayouts.U64, 0)).isZero();
        assertThat(bitmap.get(UapiLayouts.U64, 8)).isEqualTo(1L << 63 | 1 << 1);
        logging.stop();
        assertThat(log.running()).isFalse();
    }

    @Test
    void shouldOfferNothingOfADeviceThatHasNothing() {
        try (var plain = world.vfio().open("plain")) {
            assertThat(plain.migration()).isEmpty();
            assertThat(plain.dmaLogging()).isEmpty();
        }
    }

    @Test
    void shouldNotRegisterADeviceThatCannotStop() {
        world.vfio().unbind("target");
        world.machine.find("target").migrationFlags = 6;
        assertThat(refused(Errno.EINVAL, () -> world.vfio().bind("target", FakeDriver.NAME)))
                .hasMessageContaining("STOP_COPY");
        world.machine.find("target").migrationFlags = 1;
        world.vfio().bind("target", FakeDriver.NAME);
    }
}
