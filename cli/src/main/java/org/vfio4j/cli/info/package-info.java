// SPDX-License-Identifier: Apache-2.0
/** What can be said of a device of each bus, decoded for people. */
package org.vfio4j.cli.info;
