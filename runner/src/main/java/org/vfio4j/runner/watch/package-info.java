// SPDX-License-Identifier: Apache-2.0
/** Waiting for descriptors: ends of processes, releases of files, events that devices wait for. */
package org.vfio4j.runner.watch;
