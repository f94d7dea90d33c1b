// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.core.fixture.FeatureCalls.GET;
import static org.vfio4j.core.fixture.FeatureCalls.PROBE;
import static org.vfio4j.core.fixture.FeatureCalls.SET;
import static org.vfio4j.core.fixture.FeatureCalls.UNTOUCHED;
import static org.vfio4j.core.fixture.RawCalls.refused;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_ERROR;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_NR;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_PRE_COPY_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RESUMING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_RUNNING_P2P;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP;
import static org.vfio4j.uapi.VfioMigration.VFIO_DEVICE_STATE_STOP_COPY;

import java.util.Arrays;
import java.util.EnumSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.ProcessOptions;
import org.vfio4j.UapiProcess;
import org.vfio4j.core.fixture.CoreWorld;
import org.vfio4j.core.fixture.FakeMigration;
import org.vfio4j.core.fixture.FakeMigration.Arc;
import org.vfio4j.core.fixture.FakeOps;
import org.vfio4j.core.fixture.FakeSession;
import org.vfio4j.core.fixture.FeatureCalls;
import org.vfio4j.core.fixture.RawCalls;
import org.vfio4j.core.vfio.CoreDevice;
import org.vfio4j.core.vfio.MigrationDebug;
import org.vfio4j.spi.call.Capability;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioFeature;
import org.vfio4j.uapi.VfioIoctl;
import org.vfio4j.uapi.struct.UapiLayouts;
import org.vfio4j.uapi.struct.VfioDeviceFeature;
import org.vfio4j.uapi.struct.VfioDeviceFeatureMigState;
import org.vfio4j.uapi.struct.VfioPrecopyInfo;

/** Migration of a device through raw calls: what the core adds to a driver that keeps to the contract. */
class MigrationUapiTest {
    private static final int ALL_STATES = 7;
    private static final int STATE_SIZE = VfioDeviceFeatureMigState.SIZEOF;
    private static final int DEVICE_STATE = VfioFeature.VFIO_DEVICE_FEATURE_MIG_DEVICE_STATE;
    private static final int INFO_SIZE = VfioPrecopyInfo.SIZEOF;

    private final CoreWorld world = Worlds.start(machine -> {
        machine.device("dev-a", machine.group(1)).migrationFlags = ALL_STATES;
        machine.device("no-precopy", machine.group(2)).migrationFlags = 3;
    });
    private final FakeOps ops = world.ops(world.machine.find("dev-a"));
    private final FakeMigration driver = ops.migrationDriver();
    private final RawCalls calls = world.caller();
    private final int group = calls.groupWithContainer("/dev/vfio/1", 3);
    private final int device = calls.deviceFd(group, "dev-a");
    private final FeatureCalls features = new FeatureCalls(calls, device);

    @AfterEach
    void close() {
        world.close();
        assertThat(ops.violations).isEmpty();
        assertThat(driver.sessions()).as("data files the core closed").allMatch(session -> session.closes() == 1);
    }

    @Test
    @Spec("C-092")
    void shouldCheckMethodsAndLengthOfFeatureMigration() {
        int migration = VfioFeature.VFIO_DEVICE_FEATURE_MIGRATION;
        refused(Errno.EINVAL, () -> features.feature(PROBE | SET | migration, 8));
        assertThat(features.feature(PROBE | GET | migration, 8)).isZero();
        refused(Errno.EINVAL, () -> features.feature(PROBE | GET | SET | migration, 8));
        refused(Errno.EINVAL, () -> features.feature(migration, 8));
        refused(Errno.EINVAL, () -> features.feature(GET | migration, 7));
        features.data().set(UapiLayouts.U64, 8, UNTOUCHED);
        assertThat(features.feature(GET | migration, 24)).isZero();
        assertThat(features.data().get(UapiLayouts.U64, 0)).isEqualTo(ALL_STATES);
        assertThat(features.data().get(UapiLayouts.U64, 8)).isEqualTo(UNTOUCHED);
    }

    @Test
    @Spec("C-093")
    void shouldAnswerProbesWithoutTouchingData() {
        features.data().set(UapiLayouts.U64, 0, UNTOUCHED);
        for (int probe : new int[] {
            PROBE | VfioFeature.VFIO_DEVICE_FEATURE_MIGRATION,
            PROBE | GET | VfioFeature.VFIO_DEVICE_FEATURE_MIGRATION,
            PROBE | GET | SET | DEVICE_STATE,
            PROBE | SET | DEVICE_STATE,
            PROBE | GET | VfioFeature.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE,
            PROBE | SET | VfioFeature.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2
        }) {
            assertThat(features.feature(probe, 0)).as("probe 0x%x", probe).isZero();
        }
        assertThat(features.data().get(UapiLayouts.U64, 0)).isEqualTo(UNTOUCHED);
        assertThat(driver.arcs()).isEmpty();
        assertThat(ops.vfioDevice().migrationControl().precopyInfoV2())
                .as("a probe of feature 12 opts in to nothing")
                .isFalse();
    }

    @Test
    @Spec("C-091")
    void shouldAnswerNotSupportedBeforeWrongMethods() {
        for (int number : new int[] {6, 7, 8}) {
            refused(Errno.ENOTTY, () -> features.feature(PROBE | number, 0));
            refused(Errno.ENOTTY, () -> features.feature(PROBE | GET | SET | number, 0));
            refused(Errno.ENOTTY, () -> features.feature(GET | number, 64));
            refused(Errno.ENOTTY, () -> features.feature(number, 0));
        }
        assertThat(ops.features).as("features the core handles itself").isEmpty();
        refused(Errno.ENOTTY, () -> features.feature(PROBE | SET | 5, 0));
        refused(Errno.ENOTTY, () -> features.feature(GET | 0xffff, 0));
        assertThat(ops.features).containsExactly(PROBE | SET | 5, GET | 0xffff);
    }

    @Test
    @Spec("C-094")
    void shouldOfferPrecopyFlagsToDevicesWithPrecopyOnly() {
        int number = VfioFeature.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2;
        assertThat(features.feature(SET | number, 0)).isZero();
        refused(Errno.EINVAL, () -> features.feature(GET | number, 8));
        var without = new FeatureCalls(calls, calls.deviceFd(calls.groupWithContainer("/dev/vfio/2", 3), "no-precopy"));
        refused(Errno.EINVAL, () -> without.feature(PROBE | number, 0));
        refused(Errno.EINVAL, () -> without.feature(PROBE | SET | number, 0));
        refused(Errno.EINVAL, () -> without.feature(SET | number, 0));
    }

    @Test
    @Spec("C-098")
    void shouldVisitRunningP2pAndStopOnTheWayToStopCopy() {
        driver.standIn(VFIO_DEVICE_STATE_RUNNING);
        int data = features.setState(VFIO_DEVICE_STATE_STOP_COPY);
        assertThat(driver.arcs())
                .containsExactly(
                        new Arc(VFIO_DEVICE_STATE_RUNNING, VFIO_DEVICE_STATE_RUNNING_P2P),
                        new Arc(VFIO_DEVICE_STATE_RUNNING_P2P, VFIO_DEVICE_STATE_STOP),
                        new Arc(VFIO_DEVICE_STATE_STOP, VFIO_DEVICE_STATE_STOP_COPY));
        assertThat(driver.sessions()).hasSize(1);
        assertThat(data).as("data_fd").isGreaterThan(device);
        assertThat(features.read(data, 1000)).isEqualTo(driver.image());
    }

    @Test
    @Spec("C-099")
    void shouldKeepStateAndSessionWhenTheWayIsBlocked() {
        int data = features.setState(VFIO_DEVICE_STATE_STOP_COPY);
        refused(Errno.EINVAL, () -> features.setState(VFIO_DEVICE_STATE_PRE_COPY));
        assertThat(features.dataFd()).isEqualTo(-1);
        refused(Errno.EINVAL, () -> features.setState(VFIO_DEVICE_STATE_PRE_COPY_P2P));
        assertThat(features.state()).isEqualTo(VFIO_DEVICE_STATE_STOP_COPY);
        assertThat(features.read(data, 1000)).hasSize(FakeMigration.IMAGE);
    }

    @Test
    @Spec("C-100")
    void shouldRefuseStatesThatCannotBeAskedForAndWriteNoFile() {
        for (int state : new int[] {VFIO_DEVICE_STATE_ERROR, VFIO_DEVICE_STATE_NR, -1}) {
            refused(Errno.EINVAL, () -> features.setState(state));
            assertThat(features.dataFd()).as("data_fd after state %d", state).isEqualTo(-1);
        }
        assertThat(features.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
        var without = new FeatureCalls(calls, calls.deviceFd(calls.groupWithContainer("/dev/vfio/2", 3), "no-precopy"));
        refused(Errno.EINVAL, () -> without.setState(VFIO_DEVICE_STATE_PRE_COPY));
        assertThat(without.dataFd()).isEqualTo(-1);
        assertThat(without.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
    }

    @Test
    @Spec("C-101")
    void shouldContinueASessionOnTheSameFile() {
        int data = features.setState(VFIO_DEVICE_STATE_PRE_COPY);
        byte[] first = features.read(data, 10);
        assertThat(features.setState(VFIO_DEVICE_STATE_PRE_COPY_P2P)).isEqualTo(-1);
        assertThat(features.setState(VFIO_DEVICE_STATE_PRE_COPY)).isEqualTo(-1);
        assertThat(features.setState(VFIO_DEVICE_STATE_STOP_COPY)).isEqualTo(-1);
        byte[] rest = features.read(data, 1000);
        assertThat(first).isEqualTo(Arrays.copyOf(driver.image(), 10));
        assertThat(rest).isEqualTo(Arrays.copyOfRange(driver.image(), 10, FakeMigration.IMAGE));
        assertThat(driver.sessions()).hasSize(1);
    }

    @Test
    @Spec("C-102")
    void shouldGiveEachSessionItsOwnFile() {
        int old = features.setState(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(features.setState(VFIO_DEVICE_STATE_RUNNING)).isEqualTo(-1);
        refused(Errno.ENODEV, () -> features.read(old, 10));
        int data = features.setState(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(data).isNotEqualTo(old);
        refused(Errno.ENODEV, () -> features.read(old, 10));
        assertThat(features.read(data, 10)).hasSize(10);
    }

    @Test
    @Spec("C-103")
    void shouldKeepTheStateWhenThereIsNoDescriptorForTheFile() {
        calls.close(device);
        calls.close(group);
        var poor = world.caller(new ProcessOptions(0, EnumSet.allOf(Capability.class), Long.MAX_VALUE, 2));
        int poorGroup = poor.open("/dev/vfio/1");
        int container = poor.container();
        poor.setContainer(poorGroup, container);
        poor.setIommu(container, 3);
        poor.close(container);
        int only = poor.deviceFd(poorGroup, "dev-a");
        var requests = new FeatureCalls(poor, only);
        refused(Errno.EMFILE, () -> requests.setState(VFIO_DEVICE_STATE_PRE_COPY));
        assertThat(requests.dataFd()).as("data_fd in the buffer").isEqualTo(UNTOUCHED);
        assertThat(requests.deviceState()).isEqualTo(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(requests.state()).isEqualTo(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(driver.sessions()).hasSize(1);
        assertThat(driver.sessions().getFirst().closes()).isEqualTo(1);
    }

    @Test
    void shouldKeepTheStateAndNoFileWhenTheAnswerCannotBeWritten() {
        var page = calls.process().allocate(4096);
        VfioDeviceFeature.argsz(page, VfioDeviceFeature.SIZEOF + STATE_SIZE);
        VfioDeviceFeature.flags(page, SET | DEVICE_STATE);
        var state = page.asSlice(VfioDeviceFeature.SIZEOF);
        VfioDeviceFeatureMigState.deviceState(state, VFIO_DEVICE_STATE_PRE_COPY);
        VfioDeviceFeatureMigState.dataFd(state, UNTOUCHED);
        calls.process().protect(page, UapiProcess.PROT_READ);
        refused(Errno.EFAULT, () -> calls.ioctl(device, VfioIoctl.VFIO_DEVICE_FEATURE, page.address()));
        assertThat(VfioDeviceFeatureMigState.dataFd(state)).isEqualTo(UNTOUCHED);
        assertThat(features.state()).isEqualTo(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(driver.sessions().getFirst().closes()).isEqualTo(1);
        int next = calls.process().eventfd(0);
        assertThat(next).as("lowest free descriptor").isEqualTo(device + 1);
    }

    @Test
    @Spec("C-104")
    void shouldStayResumingWhenTheImageIsIncomplete() {
        byte[] image = new byte[FakeMigration.IMAGE];
        Arrays.fill(image, (byte) 9);
        int data = features.setState(VFIO_DEVICE_STATE_RESUMING);
        assertThat(features.write(data, Arrays.copyOf(image, 20))).isEqualTo(20);
        refused(Errno.EINVAL, () -> features.setState(VFIO_DEVICE_STATE_STOP));
        assertThat(features.dataFd()).isEqualTo(-1);
        assertThat(features.state()).isEqualTo(VFIO_DEVICE_STATE_RESUMING);
        features.reset();
        assertThat(features.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
        refused(Errno.ENODEV, () -> features.write(data, image));
        assertThat(driver.image()).isNotEqualTo(image);

        int again = features.setState(VFIO_DEVICE_STATE_RESUMING);
        assertThat(features.write(again, Arrays.copyOf(image, 20))).isEqualTo(20);
        assertThat(features.write(again, Arrays.copyOf(image, FakeMigration.IMAGE - 20)))
                .isEqualTo(44);
        assertThat(features.setState(VFIO_DEVICE_STATE_RUNNING)).isEqualTo(-1);
        assertThat(driver.image()).isEqualTo(image);
    }

    @Test
    @Spec("C-105")
    void shouldLeaveErrorByResetOnly() {
        driver.failArcTo(VFIO_DEVICE_STATE_STOP);
        refused(Errno.EIO, () -> features.setState(VFIO_DEVICE_STATE_STOP_COPY));
        assertThat(features.dataFd()).isEqualTo(-1);
        assertThat(features.state()).isEqualTo(VFIO_DEVICE_STATE_ERROR);
        for (int state = 0; state < VFIO_DEVICE_STATE_NR; state++) {
            int wanted = state;
            refused(Errno.EINVAL, () -> features.setState(wanted));
            assertThat(features.dataFd()).isEqualTo(-1);
        }
        features.reset();
        assertThat(features.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
    }

    @Test
    @Spec("C-106")
    void shouldShowNoFileWithTheState() {
        for (int state = 0; state < VFIO_DEVICE_STATE_NR; state++) {
            driver.standIn(state);
            assertThat(features.state()).isEqualTo(state);
            assertThat(features.dataFd()).as("data_fd in state %d", state).isEqualTo(-1);
        }
    }

    @Test
    @Spec("C-107")
    void shouldCheckPrecopyInfoRequests() {
        int data = features.setState(VFIO_DEVICE_STATE_PRE_COPY);
        refused(Errno.ENOTTY, () -> calls.ioctl(data, VfioIoctl.VFIO_DEVICE_GET_INFO, RawCalls.NOWHERE));
        refused(Errno.EFAULT, () -> calls.ioctl(data, VfioIoctl.VFIO_MIG_GET_PRECOPY_INFO, RawCalls.NOWHERE));
        refused(Errno.EINVAL, () -> features.precopyInfo(data, INFO_SIZE - 1, 0));
        var info = features.precopyInfo(data, INFO_SIZE, 0);
        assertThat(VfioPrecopyInfo.initialBytes(info)).isEqualTo(FakeSession.PRECOPY);
        assertThat(VfioPrecopyInfo.dirtyBytes(info)).isZero();
        features.read(data, 12);
        info = features.precopyInfo(data, 4096, 0);
        assertThat(VfioPrecopyInfo.initialBytes(info)).isEqualTo(FakeSession.PRECOPY - 12);
        features.setState(VFIO_DEVICE_STATE_STOP_COPY);
        refused(Errno.EINVAL, () -> features.precopyInfo(data, INFO_SIZE, 0));

        features.setState(VFIO_DEVICE_STATE_STOP);
        int resuming = features.setState(VFIO_DEVICE_STATE_RESUMING);
        refused(Errno.ENOTTY, () -> features.precopyInfo(resuming, INFO_SIZE, 0));
    }

    @Test
    @Spec("C-108")
    void shouldEchoPrecopyFlagsUntilTheUserOptsInAndAgainAfterTheLastClose() {
        int number = VfioFeature.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2;
        int data = features.setState(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(VfioPrecopyInfo.flags(features.precopyInfo(data, INFO_SIZE, UNTOUCHED)))
                .isEqualTo(UNTOUCHED);
        features.feature(SET | number, 0);
        assertThat(VfioPrecopyInfo.flags(features.precopyInfo(data, INFO_SIZE, UNTOUCHED)))
                .as("flags the driver gives to those that opted in")
                .isZero();
        driver.reinitialise();
        assertThat(VfioPrecopyInfo.flags(features.precopyInfo(data, INFO_SIZE, 0)))
                .isEqualTo(1);
        calls.close(data);
        calls.close(device);
        var reopened = new FeatureCalls(calls, calls.deviceFd(group, "dev-a"));
        int again = reopened.setState(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(VfioPrecopyInfo.flags(reopened.precopyInfo(again, INFO_SIZE, UNTOUCHED)))
                .isEqualTo(UNTOUCHED);
    }

    @Test
    void shouldKeepTheOptInWhileAnotherFileOfTheDeviceIsOpen() {
        int second = calls.deviceFd(group, "dev-a");
        features.feature(SET | VfioFeature.VFIO_DEVICE_FEATURE_MIG_PRECOPY_INFOv2, 0);
        calls.close(device);
        var others = new FeatureCalls(calls, second);
        int data = others.setState(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(VfioPrecopyInfo.flags(others.precopyInfo(data, INFO_SIZE, UNTOUCHED)))
                .isZero();
    }

    @Test
    @Spec("C-109")
    void shouldTellTheEndForNowFromTheEndAndRefusePositions() {
        int data = features.setState(VFIO_DEVICE_STATE_PRE_COPY);
        assertThat(features.read(data, 1000)).hasSize(FakeSession.PRECOPY);
        refused(Errno.ENOMSG, () -> features.read(data, 1000));
        features.setState(VFIO_DEVICE_STATE_STOP_COPY);
        assertThat(features.read(data, 1000)).hasSize(FakeMigration.IMAGE - FakeSession.PRECOPY);
        assertThat(features.read(data, 1000)).isEmpty();
        assertThat(features.read(data, 1000)).isEmpty();
        long buffer = calls.page().address();
        refused(Errno.ESPIPE, () -> calls.process().pread(data, buffer, 8, 0));
        refused(Errno.ESPIPE, () -> calls.process().pwrite(data, buffer, 8, 0));
    }

    @Test
    void shouldOpenDataFilesInOneDirection() {
        int saving = features.setState(VFIO_DEVICE_STATE_STOP_COPY);
        refused(Errno.EBADF, () -> features.write(saving, new byte[4]));
        assertThat(features.read(saving, 0)).isEmpty();
        features.setState(VFIO_DEVICE_STATE_STOP);
        int resuming = features.setState(VFIO_DEVICE_STATE_RESUMING);
        refused(Errno.EBADF, () -> features.read(resuming, 4));
        refused(Errno.ENODEV, () -> calls.process().mmap(resuming, 0, 4096, 1, true));
        assertThat(calls.process().poll(resuming)).isEqualTo(5);
    }

    @Test
    @Spec("C-110")
    void shouldEndTheSessionBeforeTheDeviceIsClosed() {
        int data = features.setState(VFIO_DEVICE_STATE_STOP_COPY);
        calls.close(device);
        refused(Errno.ENODEV, () -> features.read(data, 10));
        var reopened = new FeatureCalls(calls, calls.deviceFd(group, "dev-a"));
        assertThat(reopened.state()).isEqualTo(VFIO_DEVICE_STATE_RUNNING);
        refused(Errno.ENODEV, () -> features.read(data, 10));
    }

    @Test
    void shouldEstimateDataInEveryState() {
        for (int state = 0; state < VFIO_DEVICE_STATE_NR; state++) {
            driver.standIn(state);
            features.data().set(UapiLayouts.U64, 0, UNTOUCHED);
            features.feature(GET | VfioFeature.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, 8);
            assertThat(features.data().get(UapiLayouts.U64, 0)).isEqualTo(FakeMigration.IMAGE);
        }
        refused(Errno.EINVAL, () -> features.feature(SET | VfioFeature.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, 8));
        refused(Errno.EINVAL, () -> features.feature(GET | VfioFeature.VFIO_DEVICE_FEATURE_MIG_DATA_SIZE, 7));
    }

    @Test
    void shouldShowStateAndFeaturesToDebuggers() {
        var debug = MigrationDebug.of((CoreDevice) ops.vfioDevice()).orElseThrow();
        assertThat(debug.features()).isEqualTo("stop-copy\np2p\npre-copy\n");
        String[] names = {
            "ERROR", "STOP", "RUNNING", "STOP_COPY", "RESUMING", "RUNNING_P2P", "PRE_COPY", "PRE_COPY_P2P", "Invalid"
        };
        for (int state = 0; state < names.length; state++) {
            driver.standIn(state);
            assertThat(debug.state()).isEqualTo(names[state] + "\n");
        }
        driver.failState(Errno.EIO);
        refused(Errno.EINVAL, debug::state);
        refused(Errno.EIO, features::state);
    }
}
